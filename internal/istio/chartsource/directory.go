package chartsource

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/loader/archive"

	"github.com/meshmanager/smm/internal/istio"
)

const (
	// maxDepth is how deep below a directory charts are looked for: Istio's own archive of a
	// release has them at manifests/charts/istio-control/istio-discovery.
	maxDepth = 5
	// maxEntries bounds what is looked at, should the directory be a wrong one.
	maxEntries = 20000
)

// directory is the store of a directory with charts, packaged or unpacked.
type directory struct {
	source Source
	path   string
	limits Limits

	mu      sync.Mutex
	loaded  map[string]istio.Release
	trouble error
}

// Versions lists what the directory holds now.
func (d *directory) Versions(ctx context.Context) ([]string, error) {
	found, err := d.scan(ctx)
	if err != nil {
		return nil, err
	}
	held := newIndex()
	for chart := range found {
		held.set(chart.Chart, chart.Version, entry{})
	}
	return held.versions(), nil
}

// State tells how the directory was when it was last looked at.
func (d *directory) State() istio.Source {
	d.mu.Lock()
	defer d.mu.Unlock()
	state := istio.Source{Name: d.source.Name, URL: d.source.URL}
	if d.trouble != nil {
		state.Problem = d.trouble.Error()
	}
	return state
}

// Release reads a release once: the charts of a version do not change.
func (d *directory) Release(ctx context.Context, version string) (istio.Release, error) {
	d.mu.Lock()
	release, ok := d.loaded[version]
	d.mu.Unlock()
	if ok {
		return release, nil
	}
	found, err := d.scan(ctx)
	if err != nil {
		return istio.Release{}, err
	}
	charts := istio.LoadedCharts{}
	for _, name := range istio.AllCharts() {
		chart := ChartVersion{name, version}
		where, ok := found[chart]
		if !ok {
			continue
		}
		if charts[name], err = d.read(chart, where); err != nil {
			return istio.Release{}, err
		}
	}
	if charts[istio.ChartBase] == nil || charts[istio.ChartIstiod] == nil {
		return istio.Release{}, ErrNoVersion
	}
	release = istio.NewRelease(version, charts, d.State())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded == nil {
		d.loaded = map[string]istio.Release{}
	}
	d.loaded[version] = release
	return release, nil
}

// read returns the files of a chart that was found.
func (d *directory) read(chart ChartVersion, where string) ([]*istio.ChartFile, error) {
	tree := os.DirFS(d.path)
	if !isPackage(where) {
		if d.source.Checksums[chart] != "" {
			return nil, d.source.failed("cannot be used: a checksum is given for chart %s, which is not packaged", chart)
		}
		return istio.ReadChart(tree, where)
	}
	data, err := d.readPackage(tree, where)
	if err != nil {
		return nil, err
	}
	if wanted, sum := d.source.Checksums[chart], sumOf(data); wanted != "" && wanted != sum {
		return nil, d.source.failed("cannot be used: its chart %s has SHA-256 sum %s, and the checksum that the settings give is %s", chart, sum, wanted)
	}
	files, err := unpack(data, chart, d.limits.Unpacked)
	if err != nil {
		return nil, d.source.failed("cannot be used: its chart %s is refused: %v", chart, err)
	}
	return files, nil
}

func (d *directory) readPackage(tree fs.FS, name string) ([]byte, error) {
	file, err := tree.Open(name)
	if err != nil {
		return nil, d.source.failed("cannot be read: %v", err)
	}
	defer file.Close()
	data, err := readLimited(file, d.limits.Archive)
	if err != nil {
		return nil, d.source.failed("cannot be used: %s: %v", name, err)
	}
	return data, nil
}

var errTooMany = errors.New("too many files")

// scan finds Istio's charts in the directory, and where each is.
func (d *directory) scan(ctx context.Context) (map[ChartVersion]string, error) {
	found, err := d.walk(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case errors.Is(err, errTooMany):
		err = d.source.failed("cannot be used: it has more than %d files", maxEntries)
	case errors.Is(err, fs.ErrNotExist):
		err = d.source.failed("cannot be used: there is no such directory")
	case err != nil:
		err = d.source.failed("cannot be read: %v", err)
	}
	d.mu.Lock()
	d.trouble = err
	d.mu.Unlock()
	return found, err
}

func (d *directory) walk(ctx context.Context) (map[ChartVersion]string, error) {
	found := map[ChartVersion]string{}
	tree, count := os.DirFS(d.path), 0
	err := fs.WalkDir(tree, ".", func(name string, item fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if count++; count > maxEntries {
			return errTooMany
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case item.IsDir() && strings.Count(name, "/") >= maxDepth:
			return fs.SkipDir
		case item.IsDir():
			return nil
		}
		if chart, where, ok := d.identify(tree, name); ok {
			if _, before := found[chart]; !before {
				found[chart] = where
			}
		}
		return nil
	})
	return found, err
}

// identify tells which of Istio's charts a file is, or is the Chart.yaml of.
func (d *directory) identify(tree fs.FS, name string) (chart ChartVersion, where string, ok bool) {
	var files []*istio.ChartFile
	switch {
	case path.Base(name) == "Chart.yaml":
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return ChartVersion{}, "", false
		}
		where, files = path.Dir(name), []*istio.ChartFile{{Name: "Chart.yaml", Data: text}}
	case isPackage(name) && isIstios(path.Base(name)):
		data, err := d.readPackage(tree, name)
		if err != nil || measure(data, d.limits.Unpacked) != nil {
			return ChartVersion{}, "", false
		}
		if files, err = archive.LoadArchiveFiles(bytes.NewReader(data)); err != nil {
			return ChartVersion{}, "", false
		}
		where = name
	default:
		return ChartVersion{}, "", false
	}
	chart, err := chartOf(files)
	ok = err == nil && slices.Contains(istio.AllCharts(), chart.Chart) && isVersion(chart.Version)
	return chart, where, ok
}

func isPackage(name string) bool { return strings.HasSuffix(name, ".tgz") }

// isIstios tells by a package's file name whether it can be one of Istio's charts.
func isIstios(name string) bool {
	return slices.ContainsFunc(istio.AllCharts(), func(chart istio.Chart) bool {
		return strings.HasPrefix(name, string(chart)+"-")
	})
}
