package istio

import (
	"errors"
	"fmt"
	"io/fs"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"istio.io/istio/manifests"
)

// Chart is the name of one of Istio's Helm charts, as upstream publishes it.
type Chart string

// The charts that a release is installed from. Without ChartBase and ChartIstiod it cannot be.
const (
	ChartBase    Chart = "base"
	ChartIstiod  Chart = "istiod"
	ChartCNI     Chart = "cni"
	ChartGateway Chart = "gateway"
)

// AllCharts lists the charts of a release.
func AllCharts() []Chart {
	return []Chart{ChartBase, ChartIstiod, ChartCNI, ChartGateway}
}

// ChartFile is one file of a chart. Its name is relative to the chart's folder.
type ChartFile = archive.BufferedFile

// Charts holds the charts of one release.
type Charts interface {
	// Files returns the files of a chart, which callers must not change. The error is
	// fs.ErrNotExist for a chart that the release does not have.
	Files(chart Chart) ([]*ChartFile, error)
}

// LoadedCharts are charts whose files are in memory.
type LoadedCharts map[Chart][]*ChartFile

// Files returns the files of a chart.
func (c LoadedCharts) Files(chart Chart) ([]*ChartFile, error) {
	files, ok := c[chart]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return files, nil
}

// embeddedCharts are the charts of Istio's Go module.
type embeddedCharts struct{}

// Files reads the files of a chart from the folder that Istio's source tree has it in.
func (embeddedCharts) Files(chart Chart) ([]*ChartFile, error) {
	folder := map[Chart]string{
		ChartBase:    "charts/base",
		ChartIstiod:  "charts/istio-control/istio-discovery",
		ChartCNI:     "charts/istio-cni",
		ChartGateway: "charts/gateway",
	}[chart]
	if folder == "" {
		return nil, fs.ErrNotExist
	}
	return ReadChart(manifests.FS, folder)
}

// ReadChart reads the files of the chart in a folder of a file tree.
func ReadChart(tree fs.FS, folder string) ([]*ChartFile, error) {
	chart, err := fs.Sub(tree, folder)
	if err != nil {
		return nil, err
	}
	var files []*ChartFile
	err = fs.WalkDir(chart, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(chart, name)
		if err != nil {
			return err
		}
		files = append(files, &ChartFile{Name: name, Data: data})
		return nil
	})
	return files, err
}

// files are those of one of the release's charts.
func (r Release) files(chart Chart) ([]*ChartFile, error) {
	files, err := r.Charts.Files(chart)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("chart %s is not part of Istio %s", chart, r.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("read chart %s of Istio %s: %w", chart, r.Version, err)
	}
	return files, nil
}
