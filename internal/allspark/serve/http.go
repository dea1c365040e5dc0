package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// forwardedClientCert is where Envoy tells which certificate the caller has shown it.
const forwardedClientCert = "X-Forwarded-Client-Cert"

// HTTP returns the handler of the HTTP port: the service at the endpoint ("/" for all paths), and the health checks.
func HTTP(service *Service, endpoint string, readiness *Readiness, recorder *metrics.Recorder) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /readyz", readiness)
	mux.HandleFunc(endpoint, func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		var peer mesh.Peer
		if service.Self.Sidecar {
			peer = mesh.PeerOfSidecar(r.Header.Get(forwardedClientCert))
		}
		body := service.JSON(r.Context(), Incoming{
			Protocol: request.HTTP, Peer: peer, Introduction: r.Header.Get(mesh.PeerHeader), Header: r.Header.Get,
		})
		w.Header().Set("Content-Type", "application/json")
		n, err := w.Write(append(body, '\n'))
		e := exchange(service.Self, request.HTTP, peer, "")
		if err != nil {
			e.Flags = metrics.FlagClientGone
		}
		recorder.Request(metrics.Request{
			Exchange: e, Code: strconv.Itoa(http.StatusOK), Duration: time.Since(start),
			RequestBytes: max(r.ContentLength, 0), ResponseBytes: int64(n),
		})
	})
	return mux
}

// exchange describes a call to this workload for the metrics.
func exchange(self mesh.Self, protocol string, peer mesh.Peer, introduction string) metrics.Exchange {
	host, _ := mesh.HostOf(self.Workload, self.Domain)
	e := metrics.Exchange{
		Reporter:  metrics.Destination,
		From:      metrics.End{Workload: peer.Believe(introduction), Principal: peer.Principal},
		To:        metrics.End{Workload: self.Workload},
		Service:   host,
		Protocol:  protocol,
		MutualTLS: peer.MutualTLS(),
	}
	if peer.MutualTLS() {
		e.To.Principal = self.Principal()
	}
	return e
}

// RunHTTP serves until the context ends and all requests are answered, for at most grace.
func RunHTTP(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})
	err := server.Serve(listener)
	if !stop() {
		<-stopped
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("HTTP server on %s: %w", listener.Addr(), err)
	}
	return nil
}
