package chartsource_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A directory may hold packaged charts, an unpacked release of Istio, and anything else.
func TestDirectory(t *testing.T) {
	folder := t.TempDir()
	for _, chart := range istio.AllCharts() {
		write(t, filepath.Join(folder, string(chart)+"-1.32.0.tgz"), charttest.Pack(t, chart, "1.32.0"))
	}
	unpacked := map[istio.Chart]string{
		istio.ChartBase: "base", istio.ChartIstiod: "istio-control/istio-discovery", istio.ChartCNI: "istio-cni", istio.ChartGateway: "gateway",
	}
	version := regexp.MustCompile(`(?m)^version: .*`)
	for chart, where := range unpacked {
		files, err := istio.Builtin()[0].Charts.Files(chart)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data := file.Data
			if file.Name == "Chart.yaml" {
				data = version.ReplaceAll(data, []byte("version: 1.31.99"))
			}
			write(t, filepath.Join(folder, "istio-1.31.99/manifests/charts", where, file.Name), data)
		}
	}
	write(t, filepath.Join(folder, "base-notes.tgz"), []byte("no chart"))
	write(t, filepath.Join(folder, "other/Chart.yaml"), []byte("name: other\nversion: 1.0.0\n"))

	for _, url := range []string{folder, "file://" + folder} {
		store := open(t, chartsource.Source{URL: url}, options("", newClock()))
		if got := versionsOf(t, store); got != "1.32.0 1.31.99" {
			t.Errorf("versions %q", got)
		}
		checkRelease(t, store, "1.32.0")
		checkRenders(t, store, "1.31.99")
		if _, err := store.Release(t.Context(), "1.30.0"); err != chartsource.ErrNoVersion { //nolint:errorlint // it is the very error
			t.Errorf("error %v; want ErrNoVersion", err)
		}
	}
	base := chartsource.ChartVersion{Chart: istio.ChartBase, Version: "1.32.0"}
	pinned := chartsource.Source{URL: folder, Checksums: map[chartsource.ChartVersion]string{base: strings.Repeat("0", 64)}}
	checkFails(t, open(t, pinned, options("", newClock())), "1.32.0", "chart base 1.32.0 has SHA-256 sum")
}

func TestMissingDirectory(t *testing.T) {
	store := open(t, chartsource.Source{URL: filepath.Join(t.TempDir(), "none")}, options("", newClock()))
	checkFails(t, store, "1.32.0", "there is no such directory")
	if state := store.State(); !strings.Contains(state.Problem, "there is no such directory") {
		t.Errorf("state %+v", state)
	}
}

func TestInvalidSources(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:s3cret@example.com": "credentials must not be in the URL",
		"https://user:s3cret@exa mple":    "its URL cannot be read",
		"ftp://example.com":               "must begin with https://",
		"charts":                          "must begin with https://",
		"https:///charts":                 "names no host",
		"file://host/charts":              "names no absolute directory",
		"":                                "must begin with https://",
	} {
		_, err := chartsource.Open(chartsource.Source{Name: "acme", URL: url}, options("", newClock()))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("URL %q: error %v; want %q", url, err, want)
		}
	}
	_, err := chartsource.Open(chartsource.Source{Name: "a/b", URL: "/charts"}, options("", newClock()))
	if err == nil || !strings.Contains(err.Error(), "lower-case letters") {
		t.Errorf("error %v; want it to refuse the name", err)
	}
	sums := map[chartsource.ChartVersion]string{{Chart: istio.ChartBase, Version: "1.32.0"}: "abc"}
	_, err = chartsource.Open(chartsource.Source{Name: "acme", URL: "/charts", Checksums: sums}, options("", newClock()))
	if err == nil || !strings.Contains(err.Error(), "64 hexadecimal digits") {
		t.Errorf("error %v; want it to refuse the checksum", err)
	}
}
