//go:build linux

package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

func TestResume(t *testing.T) {
	ports := map[string]int{"c1": 4001, "c2": 4002}
	for name, test := range map[string]struct {
		last  state
		asked int
		want  state
		err   string

		networks int
	}{
		"first start":               {state{}, 0, state{Clusters: 1, Ports: map[string]int{}}, "", 0},
		"first start with several":  {state{}, 3, state{Clusters: 3, Ports: map[string]int{}}, "", 0},
		"with networks":             {state{}, 3, state{Clusters: 3, Networks: 2, Ports: map[string]int{}}, "", 2},
		"networks stay":             {state{Clusters: 2, Networks: 2, Ports: ports}, 3, state{Clusters: 3, Networks: 2, Ports: ports}, "", 0},
		"other networks":            {state{Clusters: 2, Networks: 2, Ports: ports}, 2, state{}, "run down first", 1},
		"as last time":              {state{Clusters: 2, Ports: ports}, 0, state{Clusters: 2, Ports: ports}, "", 0},
		"more keep the first ports": {state{Clusters: 2, Ports: ports}, 3, state{Clusters: 3, Ports: ports}, "", 0},
		"fewer would lose clusters": {state{Clusters: 2, Ports: ports}, 1, state{}, "run down first", 0},
		"too many":                  {state{}, layout.MaxClusters + 1, state{}, "between 1 and", 0},
		"negative":                  {state{}, -1, state{}, "between 1 and", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resume(test.last, test.asked, test.networks)
			expectError(t, err, test.err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSameAsRunning(t *testing.T) {
	running := state{Clusters: 2, Ports: map[string]int{"c1": 4001, "c2": 4002}}
	for name, test := range map[string]struct {
		options UpOptions
		err     string
	}{
		"nothing asked for": {UpOptions{}, ""},
		"the same":          {UpOptions{Clusters: 2, PortBase: 4001}, ""},
		"another number":    {UpOptions{Clusters: 3}, "runs with 2 clusters"},
		"another port":      {UpOptions{PortBase: 5000}, "runs with port 4001"},
	} {
		t.Run(name, func(t *testing.T) { expectError(t, sameAsRunning(running, test.options), test.err) })
	}
}

// A mistyped --state-dir must not mix the sandbox into somebody's files, which down would then remove.
func TestEnterDirRefusesForeignFiles(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if err := enterDir(dir); err != nil {
		t.Fatalf("an empty directory: %v", err)
	}
	precious := filepath.Join(string(dir), "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expectError(t, enterDir(dir), "other files")
	if err := writeState(dir, state{Clusters: 1}); err != nil {
		t.Fatal(err)
	}
	if err := enterDir(dir); err != nil {
		t.Fatalf("a sandbox's directory: %v", err)
	}
	if err := removeFiles(dir, state{Clusters: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("a foreign file did not survive: %v", err)
	}
}

func TestRemoveAllCopesWithModes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	closed := filepath.Join(root, "a", "closed")
	if err := os.MkdirAll(filepath.Join(closed, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{closed, filepath.Dir(closed)} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeAll(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

func expectError(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case part != "" && (err == nil || !strings.Contains(err.Error(), part)):
		t.Errorf("error %v, want one with %q", err, part)
	}
}
