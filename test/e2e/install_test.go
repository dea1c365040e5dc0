package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// recorder is a proxy before the API server that takes notes of the requests.
type recorder struct {
	kubeconfig string

	mu     sync.Mutex
	reads  int
	writes []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	server, err := url.Parse(box.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(box.Config)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	proxy := httputil.NewSingleHostReverseProxy(server)
	proxy.Transport, proxy.FlushInterval = transport, -1
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.note(request)
		proxy.ServeHTTP(w, request)
	})
	frontend := &http.Server{Handler: handler, ReadHeaderTimeout: sandboxtest.CommandTimeout}
	go func() { _ = frontend.Serve(listener) }()
	t.Cleanup(func() { frontend.Close() })

	config := clientcmdapi.NewConfig()
	config.Clusters["c1"] = &clientcmdapi.Cluster{Server: "http://" + listener.Addr().String()}
	config.Contexts["c1"] = &clientcmdapi.Context{Cluster: "c1"}
	config.CurrentContext = "c1"
	if err := clientcmd.WriteToFile(*config, r.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recorder) note(request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if isWrite(request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			body = []byte(err.Error())
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		r.writes = append(r.writes, fmt.Sprintf("%s %s %.2000s", request.Method, request.URL, body))
	} else {
		r.reads++
	}
}

// isWrite tells whether a request may change the cluster. Reviews are questions, and trials are not stored.
func isWrite(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	review := strings.HasPrefix(request.URL.Path, "/apis/authorization.k8s.io/")
	return !review && request.URL.Query().Get("dryRun") != "All"
}

func TestInstallingAgainWritesNothing(t *testing.T) {
	awaitQuiet(t)
	// The settings are those that the sandbox's demo has besides the defaults: without them it would lose its metrics.
	settings := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(settings, []byte("spec: {smm: {enabled: true, prometheus: {enabled: true}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	install := []string{"install", "-a", "--additional-cp-settings", settings}
	smm(t, install...) // the mesh may have got new namespaces since the last time
	requests := newRecorder(t)
	start := time.Now()
	output, err := sandboxtest.Run(box.Command(t.Context(), append([]string{"--kubeconfig", requests.kubeconfig}, install...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("`smm install -a` on an installed cluster took %d ms and %d reads", time.Since(start).Milliseconds(), requests.reads)
	if requests.reads == 0 {
		t.Fatalf("the requests did not go through the recorder:\n%s", output)
	}
	if len(requests.writes) != 0 {
		t.Errorf("%d writes:\n%s\noutput:\n%s", len(requests.writes), strings.Join(requests.writes, "\n"), output)
	}
}

func TestTheRecorderSeesWrites(t *testing.T) {
	namespace := newNamespace(t)
	requests := newRecorder(t)
	for _, command := range [][]string{{"auto-inject", "on"}, {"auto-inject", "off"}} {
		args := append([]string{"--kubeconfig", requests.kubeconfig, "sidecar-proxy"}, append(command, namespace)...)
		if _, err := sandboxtest.Run(box.Command(t.Context(), args...)); err != nil {
			t.Fatal(err)
		}
	}
	if len(requests.writes) != 2 {
		t.Error(fmt.Errorf("%d writes, want 2: %v", len(requests.writes), requests.writes))
	}
}
