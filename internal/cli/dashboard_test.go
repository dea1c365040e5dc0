package cli

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/meshmanager/smm/internal/cli/userconfig"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// printed is what a command that goes on prints.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(text)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// openDashboardOf runs `smm dashboard` until the test ends and returns the address that it tells.
func openDashboardOf(t *testing.T, kubeconfig string, args ...string) (address string, errOut *printed) {
	t.Helper()
	out := &printed{}
	errOut = &printed{}
	app := newApp(Build{Version: "test"}, strings.NewReader(""), out, errOut)
	app.Kubeconfig = kubeconfig
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	command := newDashboardCommand(app)
	command.SilenceUsage = true
	command.SetArgs(append([]string{"--no-browser", "--port", "0"}, args...))
	go func() { ended <- command.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the dashboard ended with %v", err)
		}
	})
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		found := regexp.MustCompile(`http://127.0.0.1:[0-9]+`).FindString(out.String())
		address = found
		return found != "" && strings.Contains(errOut.String(), "Ctrl-C"), nil
	})
	if err != nil {
		t.Fatalf("no address is told: %s%s", out, errOut)
	}
	return address, errOut
}

// serverPod makes a pod of the component application that serves sign-in.
func serverPod(t *testing.T, cluster *kubetest.Cluster, settings session.Settings) {
	t.Helper()
	settings.Now, settings.Log = time.Now, slog.New(slog.DiscardHandler)
	mux := http.NewServeMux()
	session.New(settings, signin.NewVerifier(cluster.Config), signin.NewTokens(signin.NewKeys(), "mesh1", time.Now)).Routes(mux)
	served := httptest.NewServer(session.Protect(mux))
	t.Cleanup(served.Close)
	cluster.RunServing(t, platform.SystemNamespace, "smm-application-1", platform.ApplicationSelector(),
		map[int]string{platform.ApplicationPodPort: served.Listener.Addr().String()})
}

func TestDashboardOpensTheServerInTheClusterSignedIn(t *testing.T) {
	cluster := kubetest.Start(t)
	config := filepath.Join(t.TempDir(), "config.yaml")
	t.Setenv(userconfig.PathVariable, config)
	serverPod(t, cluster, session.Settings{})
	address, errOut := openDashboardOf(t, cluster.Kubeconfig)
	if !strings.Contains(errOut.String(), "the server in the cluster") {
		t.Errorf("told: %s", errOut)
	}
	// It has signed in with the kubeconfig's credentials, through the tunnel.
	if text, err := os.ReadFile(config); err != nil || !strings.Contains(string(text), address) || !strings.Contains(string(text), "idToken") {
		t.Errorf("remembered: %s, error %v", text, err)
	}
	code, out, text := run(t, "login", "-c", cluster.Kubeconfig, "--url", address)
	if code != exitOK {
		t.Fatalf("login through the tunnel: %s", text)
	}
	if status, name := redeem(t, address, out); status != http.StatusOK || name == "" {
		t.Errorf("a browser through the tunnel: status %d, user %q", status, name)
	}
}

func TestDashboardOfAServerWhereNobodySignsIn(t *testing.T) {
	cluster := kubetest.Start(t)
	t.Setenv(userconfig.PathVariable, filepath.Join(t.TempDir(), "config.yaml"))
	serverPod(t, cluster, session.Settings{Anonymous: true})
	address, _ := openDashboardOf(t, cluster.Kubeconfig)
	response, err := http.Get(address + "/api/auth/me")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the server in the cluster: %v, error %v", response, err)
	}
	_ = response.Body.Close()
}

func TestDashboardIsServedHereWhereTheClusterHasNoServer(t *testing.T) {
	cluster := kubetest.Start(t)
	t.Setenv(userconfig.PathVariable, filepath.Join(t.TempDir(), "config.yaml"))
	_, errOut := openDashboardOf(t, cluster.Kubeconfig)
	if !strings.Contains(errOut.String(), "It is served for") {
		t.Errorf("told: %s", errOut)
	}
	serverPod(t, cluster, session.Settings{})
	if _, errOut = openDashboardOf(t, cluster.Kubeconfig, "--local"); !strings.Contains(errOut.String(), "It is served for") {
		t.Errorf("with --local: %s", errOut)
	}
}
