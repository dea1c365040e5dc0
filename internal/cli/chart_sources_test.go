package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

func TestChartSourceFlag(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "sources.yaml")
	text := "chartSources:\n- name: acme\n  url: oci://registry.example.com/mesh\n  secretRef: {name: charts}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	charts := filepath.Join(folder, "My Charts")
	if err := os.Mkdir(charts, 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := readChartSources([]string{"https://charts.example.com/istio", "https://charts.example.com/other", charts, file})
	if err != nil {
		t.Fatal(err)
	}
	want := []smmv1alpha1.ChartSource{
		{Name: "charts-example-com", URL: "https://charts.example.com/istio"},
		{Name: "charts-example-com-2", URL: "https://charts.example.com/other"},
		{Name: "my-charts", URL: charts},
		{Name: "acme", URL: "oci://registry.example.com/mesh", SecretRef: &corev1.LocalObjectReference{Name: "charts"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrongChartSourceFlag(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for value, want := range map[string]string{
		"https://user:s3cret@charts.example.com":                              "credentials must not be in the URL",
		"gopher://charts.example.com":                                         "must begin with https://",
		filepath.Join(folder, "none"):                                         "neither a URL nor a directory or file",
		file("empty.yaml", "a: b\n"):                                          `unknown field "a"`,
		file("none.yaml", "chartSources: []\n"):                               "has no chartSources",
		file("typo.yaml", "chartSources:\n- {name: a, url: /b, secret: c}\n"): `unknown field "chartSources[0].secret"`,
	} {
		_, err := readChartSources([]string{value})
		if err == nil || !strings.HasPrefix(err.Error(), "--chart-source: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v; want %q", value, err, want)
		}
	}
}
