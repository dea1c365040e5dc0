package charttest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"testing"

	"github.com/meshmanager/smm/internal/istio"
)

var versionLine = regexp.MustCompile(`(?m)^(version|appVersion): .*$`)

// Pack packages a chart that the product brings under the given version, as upstream does.
func Pack(t testing.TB, chart istio.Chart, version string) []byte {
	t.Helper()
	files, err := istio.Builtin()[0].Charts.Files(chart)
	if err != nil {
		t.Fatal(err)
	}
	var packed []*istio.ChartFile
	for _, file := range files {
		data := file.Data
		if file.Name == "Chart.yaml" {
			data = versionLine.ReplaceAll(data, []byte("$1: "+version))
		}
		packed = append(packed, &istio.ChartFile{Name: string(chart) + "/" + file.Name, Data: data})
	}
	return Tar(t, packed...)
}

// Tar packages files under exactly the names that they have.
func Tar(t testing.TB, files ...*istio.ChartFile) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(compressed)
	for _, file := range files {
		header := &tar.Header{Name: file.Name, Mode: 0o644, Size: int64(len(file.Data))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(file.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// Sum is the SHA-256 sum of data in hexadecimal digits.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
