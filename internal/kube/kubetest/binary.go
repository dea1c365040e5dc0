package kubetest

import (
	"os"
	"path/filepath"
	"testing"
)

// Binary returns the path of one of the project's built programs, such as "smm". They are looked for in the
// directory that SMM_BIN names, else in bin/ of the repository. A missing one fails the test.
func Binary(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("SMM_BIN")
	if dir == "" {
		dir = filepath.Join(RepositoryRoot(t), "bin")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("this test runs the real %s, and %s is missing: run `make build` first", name, path)
	}
	return path
}

// RepositoryRoot returns the directory of the repository that the test belongs to: the nearest one upwards with a go.mod.
func RepositoryRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("kubetest: no go.mod above the test's directory")
		}
		dir = parent
	}
}
