package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/charttest"
	"github.com/meshmanager/smm/internal/istio/releases"
)

// Of what a source has, the newest of each line and what runs are listed, unless all is asked for.
func TestIstioVersionsShowWhatMatters(t *testing.T) {
	acme := istio.Source{Name: "acme", URL: "https://charts.example.com"}
	listed := []releases.Listed{
		{Version: "1.32.0-rc.1", Kubernetes: "unknown", Source: acme},
		{Version: "1.31.3", Kubernetes: "1.32 to 1.36", Source: acme},
		{Version: "1.31.2", Kubernetes: "1.32 to 1.36", Source: acme},
		{Version: "1.31.1", Kubernetes: "1.32 to 1.36"},
		{Version: "1.31.0", Kubernetes: "1.32 to 1.36", Source: acme},
		{Version: "1.30.2", Kubernetes: "1.32 to 1.36", Source: acme},
	}
	running := map[string][]string{"1.31.1": {"cp-v131x.istio-system"}, "1.31.0": {"old.istio-system"}}
	got := istioVersions(listed, running, false)
	want := []istioVersion{
		{Version: "1.31.3", Source: "acme", SourceURL: acme.URL, Kubernetes: "1.32 to 1.36"},
		{Version: "1.31.1", Source: "built in", Kubernetes: "1.32 to 1.36", ControlPlanes: []string{"cp-v131x.istio-system"}},
		{Version: "1.31.0", Source: "acme", SourceURL: acme.URL, Kubernetes: "1.32 to 1.36", ControlPlanes: []string{"old.istio-system"}},
		{Version: "1.30.2", Source: "acme", SourceURL: acme.URL, Kubernetes: "1.32 to 1.36"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all := istioVersions(listed, running, true); len(all) != len(listed) {
		t.Errorf("%d of %d versions with --all", len(all), len(listed))
	}
}

// What a source has is listed without a cluster, also while the source does not answer.
func TestIstioVersionsOfAChartSource(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	server := charttest.NewRepository(t, "1.32.0")
	for _, warning := range []string{"", "cannot be reached"} {
		code, out, errOut := run(t, "istio", "versions", "--chart-source", server.URL)
		if code != 0 || !strings.Contains(out, "1.32.0") || !strings.Contains(out, "127-0-0-1   unknown") || !strings.Contains(out, "1.31.1") {
			t.Errorf("exit code %d, output:\n%s%s", code, out, errOut)
		}
		if !strings.Contains(errOut, warning) {
			t.Errorf("messages %q; want %q", errOut, warning)
		}
		server.Stop()
	}
}
