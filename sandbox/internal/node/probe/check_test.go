package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// shell runs commands on this machine, in place of a container.
func shell(ctx context.Context, argv []string, output io.Writer) (int, error) {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Stdout, command.Stderr = output, output
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func port(address string) int {
	_, text, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(text)
	return number
}

func handler(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/host" && r.Host == "movies" && r.Header.Get("X-Probe") == "yes":
	case r.URL.Path == "/ok" && r.URL.RawQuery == "a=b":
	case r.URL.Path == "/slow":
		<-r.Context().Done()
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestCheck(t *testing.T) {
	plain, secure := httptest.NewServer(http.HandlerFunc(handler)), httptest.NewTLSServer(http.HandlerFunc(handler))
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, state := grpc.NewServer(), health.NewServer()
	state.SetServingStatus("sick", healthpb.HealthCheckResponse_NOT_SERVING)
	healthpb.RegisterHealthServer(server, state)
	go func() { _ = server.Serve(listener) }() // it ends with an error when the test does
	t.Cleanup(server.Stop)

	plainPort, securePort, grpcPort := port(plain.Listener.Addr().String()), port(secure.Listener.Addr().String()), port(listener.Addr().String())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := port(free.Addr().String())
	free.Close()

	get := func(path string, port intstr.IntOrString, scheme corev1.URIScheme, headers ...corev1.HTTPHeader) corev1.ProbeHandler {
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: port, Scheme: scheme, HTTPHeaders: headers}}
	}
	tcp := func(port int) corev1.ProbeHandler {
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt(port)}}
	}
	call := func(port int, service string) corev1.ProbeHandler {
		return corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: int32(port), Service: &service}}
	}
	run := func(argv ...string) corev1.ProbeHandler {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: argv}}
	}
	tests := []struct {
		name  string
		probe corev1.ProbeHandler
		fail  string // what the error contains; empty: success
	}{
		{"http", get("/ok?a=b", intstr.FromInt(plainPort), corev1.URISchemeHTTP), ""},
		{"http to a named port", get("/ok?a=b", intstr.FromString("web"), ""), ""},
		{"http with headers", get("/host", intstr.FromInt(plainPort), "", corev1.HTTPHeader{Name: "Host", Value: "movies"}, corev1.HTTPHeader{Name: "X-Probe", Value: "yes"}), ""},
		{"https, whoever signed the certificate", get("/ok?a=b", intstr.FromInt(securePort), corev1.URISchemeHTTPS), ""},
		{"http with a bad status", get("/bad", intstr.FromInt(plainPort), ""), "HTTP probe failed with statuscode: 503"},
		{"http that hangs", get("/slow", intstr.FromInt(plainPort), ""), "Client.Timeout exceeded"},
		{"http to an unknown port", get("/", intstr.FromString("none"), ""), "none"},
		{"tcp", tcp(plainPort), ""},
		{"tcp to nobody", tcp(closed), "connection refused"},
		{"grpc", call(grpcPort, ""), ""},
		{"grpc of a service that is not well", call(grpcPort, "sick"), "NOT_SERVING"},
		{"grpc to something else", call(plainPort, ""), "failed to connect service"},
		{"exec", run("true"), ""},
		{"exec that fails", run("sh", "-c", "echo broken; exit 3"), "exit code 3: broken"},
		{"exec that hangs", run("sleep", "60"), "timed out after 1s"},
		{"exec of nothing", run("/no/such/program"), "no such file"},
	}
	target := Target{IP: "127.0.0.1", Exec: shell, Container: &corev1.Container{
		Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: int32(plainPort)}}}}
	checker := NewChecker()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := checker.Check(t.Context(), &corev1.Probe{ProbeHandler: test.probe, TimeoutSeconds: 1}, target)
			switch {
			case test.fail == "" && err != nil:
				t.Errorf("failed: %v", err)
			case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)):
				t.Errorf("error %v, want one with %q", err, test.fail)
			}
		})
	}
}

// A container's probes follow one another: readiness is asked for only once the container has started,
// and a failed liveness probe ends the matter.
func TestRunOrder(t *testing.T) {
	probe := func(command string) *corev1.Probe {
		return &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1, TimeoutSeconds: 1,
			ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{command}}}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	told := make(chan string, 10)
	report := Report{
		Started:   func() { told <- "started" },
		Ready:     func(ready bool) { told <- "ready " + strconv.FormatBool(ready) },
		Unhealthy: func(kind Kind, _ *corev1.Probe) { told <- "unhealthy " + kind.String() },
		Failed:    func(kind Kind, err error) { told <- kind.String() + " failed" },
	}
	container := &corev1.Container{StartupProbe: probe("true"), ReadinessProbe: probe("true")}
	go NewChecker().Run(ctx, Target{Container: container, Exec: shell}, time.Now(), report)
	expect(t, told, "started", "ready true")

	hung := &corev1.Container{LivenessProbe: probe("false")}
	go NewChecker().Run(ctx, Target{Container: hung, Exec: shell}, time.Now(), report)
	expect(t, told, "started")
	seen := map[string]bool{}
	for range 3 {
		seen[next(t, told)] = true
	}
	if !seen["ready true"] || !seen["Liveness failed"] || !seen["unhealthy Liveness"] {
		t.Errorf("a container that hangs reported %v", seen)
	}

	stuck := &corev1.Container{StartupProbe: probe("false"), ReadinessProbe: probe("true")}
	go NewChecker().Run(ctx, Target{Container: stuck, Exec: shell}, time.Now(), report)
	expect(t, told, "Startup failed", "unhealthy Startup")
}

func next(t *testing.T, told <-chan string) string {
	t.Helper()
	select {
	case got := <-told:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing more was reported")
		return ""
	}
}

func expect(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	for _, want := range want {
		if got := next(t, told); got != want {
			t.Errorf("reported %q, want %q", got, want)
		}
	}
}
