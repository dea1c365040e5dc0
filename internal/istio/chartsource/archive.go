package chartsource

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/istio"
)

// sumOf is the SHA-256 sum of data in hexadecimal digits.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// unpack reads a packaged chart into memory and tells what is wrong with it: nothing that it says
// can make it write a file or take more memory than the limit.
func unpack(data []byte, chart ChartVersion, limit int64) ([]*istio.ChartFile, error) {
	if err := measure(data, limit); err != nil {
		return nil, err
	}
	files, err := archive.LoadArchiveFiles(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if path.IsAbs(file.Name) || path.Clean(file.Name) != file.Name {
			return nil, fmt.Errorf("it holds a file named %q", file.Name)
		}
	}
	found, err := chartOf(files)
	if err != nil {
		return nil, err
	}
	if found != chart {
		return nil, fmt.Errorf("it is chart %s", found)
	}
	return files, nil
}

// measure counts the unpacked bytes without keeping them: the size that an archive tells of itself
// proves nothing.
func measure(data []byte, limit int64) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("it is no packaged chart: %w", err)
	}
	defer unzipped.Close()
	size, err := io.Copy(io.Discard, io.LimitReader(unzipped, limit+1))
	if err != nil {
		return fmt.Errorf("it is no packaged chart: %w", err)
	}
	if size > limit {
		return fmt.Errorf("its files are larger than %d bytes together", limit)
	}
	return nil
}

// chartOf is the chart that the files say they are.
func chartOf(files []*istio.ChartFile) (ChartVersion, error) {
	for _, file := range files {
		if file.Name != "Chart.yaml" {
			continue
		}
		var metadata struct {
			Name    istio.Chart `json:"name"`
			Version string      `json:"version"`
		}
		if err := yaml.Unmarshal(file.Data, &metadata); err != nil {
			return ChartVersion{}, fmt.Errorf("its Chart.yaml cannot be read: %s", firstLine(err))
		}
		return ChartVersion{metadata.Name, metadata.Version}, nil
	}
	return ChartVersion{}, errors.New("it has no Chart.yaml")
}
