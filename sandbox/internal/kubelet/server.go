// Package kubelet serves what a kubelet serves on a node's port 10250: logs, exec, attach, port-forward, the list of pods and
// metrics. Whoever asks is authenticated by a certificate of the cluster's authority or a token, and
// authorized by the API server, as with a kubelet.
package kubelet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/metrics/legacyregistry"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// Pods are the pods of the node.
type Pods interface {
	// Pods lists the pods that are bound to the node, with their latest status. They are not changed.
	Pods() []*corev1.Pod
}

// Config says what to serve, where and to whom.
type Config struct {
	NodeName string
	// Address is the address to listen on, for example 10.201.0.1:10250.
	Address string
	// Certificate is the serving certificate.
	Certificate tls.Certificate
	// ClientCA is the authority of client certificates, in PEM.
	ClientCA []byte
	// Client asks the API server who may do what.
	Client kubernetes.Interface
	// Runtime runs the pods' containers.
	Runtime *container.Runtime
	Pods    Pods
	Log     *slog.Logger
}

// readHeaderTimeout is how long a client may take to say what it wants.
const readHeaderTimeout = 10 * time.Second

type server struct {
	Config
	auth auth
}

// Run serves until ctx ends. It returns an error when it cannot begin.
func Run(ctx context.Context, config Config) error {
	s := &server{Config: config}
	var err error
	if s.auth, err = newAuth(config); err != nil {
		return fmt.Errorf("serve the kubelet API: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return fmt.Errorf("serve the kubelet API: %w", err)
	}
	// Streams of logs and terminals last; they end with their connections' context.
	connections, closeConnections := context.WithCancel(context.WithoutCancel(ctx))
	defer closeConnections()
	web := &http.Server{
		Handler:           s.auth.protect(s.routes()),
		ReadHeaderTimeout: readHeaderTimeout,
		BaseContext:       func(net.Listener) context.Context { return connections },
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{config.Certificate},
			// Whether the certificate is good is for the authenticator to say, as a token may be shown instead.
			ClientAuth: tls.RequestClientCert,
			MinVersion: tls.VersionTLS12,
		},
	}
	stop := context.AfterFunc(ctx, func() {
		closeConnections()
		web.Close()
	})
	defer stop()
	err = web.ServeTLS(listener, "", "")
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the kubelet API: %w", err)
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /healthz":      s.healthz,
		"GET /pods":         s.listPods,
		"GET /pods/":        s.listPods,
		"GET /runningpods/": s.listRunningPods,
		"GET /containerLogs/{namespace}/{pod}/{container}": s.containerLogs,
		"POST /run/{namespace}/{pod}/{container}":          s.run,
		"POST /run/{namespace}/{pod}/{uid}/{container}":    s.run,
		"/exec/{namespace}/{pod}/{container}":              s.exec,
		"/exec/{namespace}/{pod}/{uid}/{container}":        s.exec,
		"/attach/{namespace}/{pod}/{container}":            s.attach,
		"/attach/{namespace}/{pod}/{uid}/{container}":      s.attach,
		"/portForward/{namespace}/{pod}":                   s.portForward,
		"/portForward/{namespace}/{pod}/{uid}":             s.portForward,
		"GET /stats/summary":                               s.statsSummary,
	} {
		mux.Handle(pattern, handler)
	}
	mux.Handle("GET /metrics", legacyregistry.Handler())
	mux.Handle("GET /metrics/cadvisor", s.metricsHandler(s.cadvisorMetrics))
	mux.Handle("GET /metrics/resource", s.metricsHandler(s.resourceMetrics))
	return mux
}

func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "ok")
}
