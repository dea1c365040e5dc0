package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

func TestExecutables(t *testing.T) {
	dir := t.TempDir()
	for file, mode := range map[string]os.FileMode{"pilot-agent": 0o755, "allspark": 0o755, "smm": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	executables := DefaultExecutables(dir)
	agent := container.Image{
		Path: dir + "/pilot-agent", Entrypoint: []string{"/usr/local/bin/pilot-agent"},
		Files: []container.Mount{
			{Source: dir + "/gateway-standin", Target: "/usr/local/bin/envoy", ReadOnly: true},
			{Source: dir + "/envoy_bootstrap.json", Target: "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json", ReadOnly: true},
		},
	}
	for reference, want := range map[string]container.Image{
		"docker.io/istio/proxyv2:1.31.1": agent,
		"proxyv2":                        agent,
		"localhost:5000/proxyv2":         agent,
		"registry:5000/a/b/proxyv2:1.31.1-distroless@sha256:0123": agent,
		"allspark:latest":    {Path: dir + "/allspark", Entrypoint: []string{"/usr/local/bin/allspark"}},
		"istio/pilot:1.31.1": {}, // the program is not there
		"smm:1":              {}, // the file is no program
		"nginx":              {},
		"proxyv2/other":      {},
	} {
		got, found := executables.Lookup(reference)
		if diff := cmp.Diff(want, got); diff != "" || found != (want.Path != "") {
			t.Errorf("%s: found %v (-want +got):\n%s", reference, found, diff)
		}
	}
	want := "image nginx:1 has no executable in this sandbox; known: allspark, proxyv2"
	if got := executables.missing("nginx:1"); got != want {
		t.Errorf("explained as %q, want %q", got, want)
	}
}
