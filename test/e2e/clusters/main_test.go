// Package clusters tests one mesh over several clusters in sandboxes of its own, as users build it: by the command line.
package clusters

import (
	"os"
	"testing"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

func TestMain(m *testing.M) {
	if done, code := sandboxtest.ActAsChild(); done {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// start starts a sandbox for the length of the test.
func start(t *testing.T, args ...string) *sandboxtest.Sandbox {
	t.Helper()
	if testing.Short() {
		t.Skip("takes minutes")
	}
	if err := sandboxtest.NamespacesAllowed(); err != nil {
		t.Skipf("the sandbox needs namespaces, which this machine forbids: %v", err)
	}
	box, err := sandboxtest.Start(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.End(); err != nil {
			t.Error(err)
		}
	})
	return box
}
