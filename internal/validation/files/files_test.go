package files

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/validation"
)

func read(t *testing.T, text string) Result {
	t.Helper()
	result, err := Read(t.Context(), []string{"-"}, strings.NewReader(text), "c1", "default")
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n"

// Objects keep the line of their document, whatever separates documents.
func TestDocumentsAndLines(t *testing.T) {
	text := "# a comment\n---\n" + fmt.Sprintf(account, "a") + "--- # next\n\n" + fmt.Sprintf(account, "b") + "---\n---\r\n" + fmt.Sprintf(account, "c") + "---"
	var got []string
	for _, o := range read(t, text).Objects {
		got = append(got, fmt.Sprintf("%s %d", o.ID, o.Source.Line))
	}
	want := []string{"serviceaccount:c1:default:a 3", "serviceaccount:c1:default:b 7", "serviceaccount:c1:default:c 13"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Lists, also in JSON, are their items; a later document replaces an earlier one.
func TestListsAndReplacement(t *testing.T) {
	text := `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a", "namespace": "shop"}}]}` +
		"\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: shop, labels: {new: 'yes'}}\n"
	result := read(t, text)
	if len(result.Objects) != 1 || result.Objects[0].Labels["new"] != "yes" {
		t.Errorf("read %+v", result.Objects)
	}
}

// A file of 50 MB is read document by document; one document of that size is told, and the rest is read.
func TestLargeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 100 MB")
	}
	filler := strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", 1024)
	var documents strings.Builder
	for i := range 50 {
		documents.WriteString("---\n" + fmt.Sprintf(account, fmt.Sprint("a", i)) + filler)
	}
	if result := read(t, documents.String()); len(result.Objects) != 50 || len(result.Problems) != 0 {
		t.Errorf("%d objects, problems %v", len(result.Objects), result.Problems)
	}
	result := read(t, strings.Repeat(filler, 50)+"---\n"+fmt.Sprintf(account, "after"))
	if len(result.Objects) != 1 || len(result.Problems) != 1 || !strings.Contains(result.Problems[0].Message, "split it") {
		t.Errorf("%d objects, problems %v", len(result.Objects), result.Problems)
	}
}

// A finding points at its field's line, in lists too; a field that is not written is at what holds it.
func TestLocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	text := "# first\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: g\nspec:\n  servers:\n  - port:\n      number: 80\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]int{"servers[0].port.number": 10, "servers[0].tls": 9, "servers": 9, "selector": 8, "": 8} {
		f := validation.Finding{Field: field, Subject: validation.ID{Name: "g"}, Source: validation.Source{File: path, Line: 3}}
		if got := Locate(f); got != want {
			t.Errorf("%q is at line %d, want %d", field, got, want)
		}
	}
}

// A stream that breaks is an error, not half a result.
func TestBrokenStream(t *testing.T) {
	in := io.MultiReader(strings.NewReader(fmt.Sprintf(account, "a")), iotest.ErrReader(os.ErrClosed))
	if _, err := Read(t.Context(), []string{"-"}, in, "c1", "default"); err == nil {
		t.Error("no error")
	}
}

// Secrets are read without their private keys.
func TestPrivateKeysAreDropped(t *testing.T) {
	result := read(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {tls.key: very-secret, tls.crt: public}\n")
	if text := fmt.Sprintf("%v", result.Objects[0].Spec); strings.Contains(text, "very-secret") || strings.Contains(text, fmt.Sprintf("%d", []byte("very-secret"))) {
		t.Error("the key is kept")
	}
}
