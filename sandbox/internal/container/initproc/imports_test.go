package initproc

import (
	"go/build"
	"slices"
	"testing"
)

// Each further import can put this package behind thousands of others in the order of initialisation, and every start of
// a container with it. Measure with GODEBUG=inittrace=1 before adding one.
func TestImports(t *testing.T) {
	early := []string{"cmp", "encoding/json", "errors", "fmt", "os", "path", "runtime", "slices", "strings", "syscall", "golang.org/x/sys/unix"}
	dir, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range dir.Imports {
		if !slices.Contains(early, path) {
			t.Errorf("import of %s", path)
		}
	}
	if len(dir.Imports) == 0 {
		t.Error("no imports found")
	}
}
