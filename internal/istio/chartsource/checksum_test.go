package chartsource_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

// corrupt has a server send other content than its index says.
func corrupt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/base/") {
			_, _ = w.Write([]byte("something else"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestWrongChecksumIsRefused(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	server.Wrap(corrupt)
	folder := t.TempDir()
	store := open(t, chartsource.Source{URL: server.URL}, options(folder, newClock()))
	checkFails(t, store, "1.32.0", "chart base 1.32.0 has SHA-256 sum", "the checksum that its index gives")
	server.Wrap(nil)
	checkRelease(t, store, "1.32.0") // nothing wrong was kept
}

func TestPinnedChecksum(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	folder := t.TempDir()
	istiod := chartsource.ChartVersion{Chart: istio.ChartIstiod, Version: "1.32.0"}
	pinned := func(sum string) chartsource.Source {
		return chartsource.Source{URL: server.URL, Checksums: map[chartsource.ChartVersion]string{istiod: sum}}
	}
	right := charttest.Sum(charttest.Pack(t, istio.ChartIstiod, "1.32.0"))
	wrong := charttest.Sum([]byte("something else"))
	checkRelease(t, open(t, pinned(right), options(folder, newClock())), "1.32.0")
	// What is on disk is checked too.
	store := open(t, pinned(wrong), options(folder, newClock()))
	checkFails(t, store, "1.32.0", "chart istiod 1.32.0", right, "the checksum that the settings give is "+wrong)
}

// A version that is published again with other content does not change what is installed.
func TestRepublishedVersionIsNotTaken(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	folder, clock := t.TempDir(), newClock()
	source := chartsource.Source{URL: server.URL}
	checkRelease(t, open(t, source, options(folder, clock)), "1.32.0")
	server.Put(istio.ChartCNI, "1.32.0", charttest.Pack(t, istio.ChartCNI, "1.32.0+again"))
	clock.forward(2 * time.Hour)
	store := open(t, source, options(folder, clock))
	checkRelease(t, store, "1.32.0")
	release := checkRelease(t, store, "1.32.0")
	if want := "now has other content for chart cni 1.32.0"; !strings.Contains(release.Source.Problem, want) {
		t.Errorf("the source's problem is %q; want %q", release.Source.Problem, want)
	}
	// A version that is gone from the index stays installable too.
	for _, chart := range istio.AllCharts() {
		server.Remove(chart, "1.32.0")
		server.Put(chart, "1.33.0", charttest.Pack(t, chart, "1.33.0"))
	}
	clock.forward(2 * time.Hour)
	if got := versionsOf(t, open(t, source, options(folder, clock))); got != "1.33.0 1.32.0" {
		t.Errorf("versions %s; want those that are there and the one that was fetched", got)
	}
}

// Whatever an archive holds, it is refused in one line and nothing is written.
func TestBadArchivesAreRefused(t *testing.T) {
	chartYAML := &istio.ChartFile{Name: "istiod/Chart.yaml", Data: []byte("apiVersion: v2\nname: istiod\nversion: 1.32.0\n")}
	for name, test := range map[string]struct {
		archive []byte
		want    string
	}{
		"no archive":         {[]byte("hello"), "it is no packaged chart"},
		"path traversal":     {charttest.Tar(t, chartYAML, &istio.ChartFile{Name: "istiod/../../../etc/passwd", Data: []byte("x")}), "parent directory"},
		"absolute path":      {charttest.Tar(t, chartYAML, &istio.ChartFile{Name: "istiod//etc/passwd", Data: []byte("x")}), "absolute paths"},
		"another chart":      {charttest.Pack(t, istio.ChartGateway, "1.32.0"), "it is chart gateway 1.32.0"},
		"another version":    {charttest.Pack(t, istio.ChartIstiod, "1.31.9"), "it is chart istiod 1.31.9"},
		"no chart":           {charttest.Tar(t, &istio.ChartFile{Name: "istiod/values.yaml", Data: []byte("a: b")}), "it has no Chart.yaml"},
		"nothing":            {charttest.Tar(t), "no files"},
		"decompression bomb": {charttest.Tar(t, chartYAML, &istio.ChartFile{Name: "istiod/zeros", Data: make([]byte, 6<<20)}), "larger than 4194304 bytes together"},
		"cut off":            {charttest.Pack(t, istio.ChartIstiod, "1.32.0")[:1000], "it is no packaged chart"},
	} {
		t.Run(name, func(t *testing.T) {
			server := charttest.NewRepository(t)
			server.Put(istio.ChartBase, "1.32.0", charttest.Pack(t, istio.ChartBase, "1.32.0"))
			server.Put(istio.ChartIstiod, "1.32.0", test.archive)
			o := options(t.TempDir(), newClock())
			o.Limits.Unpacked = 4 << 20
			checkFails(t, open(t, chartsource.Source{URL: server.URL}, o), "1.32.0", "its chart istiod 1.32.0 is refused", test.want)
		})
	}
}
