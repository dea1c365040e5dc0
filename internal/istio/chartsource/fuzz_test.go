package chartsource

import (
	"io/fs"
	"testing"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

// Whatever a server sends as an index, what is made of it has versions that can be file names.
func FuzzParseIndex(f *testing.F) {
	f.Add([]byte("entries:\n  istiod:\n  - {version: 1.32.0, urls: [a.tgz], digest: abc}\n  base:\n  - {version: 1.32.0, urls: [b.tgz]}\n"))
	f.Add([]byte("entries: {istiod: [{version: ../../etc/passwd, urls: [x]}]}"))
	f.Add([]byte("entries: [&a [*a]]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseIndex(text)
		if err != nil {
			return
		}
		for chart, versions := range found.Charts {
			for version := range versions {
				if name := archiveName(ChartVersion{chart, version}); !fs.ValidPath(name) {
					t.Errorf("version %q makes the file name %q", version, name)
				}
			}
		}
	})
}

// Whatever a server sends as a chart, it is refused or has files within the chart only.
func FuzzUnpack(f *testing.F) {
	chart := ChartVersion{istio.ChartIstiod, "1.32.0"}
	metadata := &istio.ChartFile{Name: "istiod/Chart.yaml", Data: []byte("name: istiod\nversion: 1.32.0\n")}
	f.Add(charttest.Tar(f, metadata, &istio.ChartFile{Name: "istiod/values.yaml", Data: []byte("a: b")}))
	f.Add(charttest.Tar(f, metadata, &istio.ChartFile{Name: `istiod\..\..\etc`, Data: []byte("x")}))
	f.Add([]byte{0x1f, 0x8b, 0x08})
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unpack(data, chart, 1<<20)
		if err != nil {
			return
		}
		for _, file := range files {
			if !fs.ValidPath(file.Name) {
				t.Errorf("the chart has a file named %q", file.Name)
			}
		}
	})
}
