package chartsource

import (
	"context"
	"errors"
	"net/http"

	"github.com/meshmanager/smm/internal/istio"
)

// charts loads the charts of one version. The caller holds asking.
func (r *remoteStore) charts(ctx context.Context, version string) (istio.LoadedCharts, error) {
	charts := istio.LoadedCharts{}
	for _, name := range istio.AllCharts() {
		chart := ChartVersion{name, version}
		files, err := r.chart(ctx, chart)
		if errors.Is(err, errNotThere) {
			if name == istio.ChartBase || name == istio.ChartIstiod {
				return nil, r.source.failed("has no chart %s", chart)
			}
			continue // the release says so when it is needed
		}
		if err != nil {
			return nil, err
		}
		charts[name] = files
	}
	return charts, nil
}

// errNotThere tells that a source does not have a chart.
var errNotThere = errors.New("no such chart")

// chart returns the files of one chart, from disk if it is there.
func (r *remoteStore) chart(ctx context.Context, chart ChartVersion) ([]*istio.ChartFile, error) {
	r.mu.Lock()
	listed, ok := r.known.get(chart.Chart, chart.Version)
	r.mu.Unlock()
	if !ok {
		return nil, errNotThere
	}
	if pinned := r.source.Checksums[chart]; pinned != "" && pinned != listed.Kept {
		listed.Kept = "" // the copy is not the one that the settings ask for
	}
	data := r.cache.archive(chart, listed.Kept)
	fetched := data == nil
	if fetched {
		var err error
		if data, err = r.fetch(ctx, chart, listed); err != nil {
			return nil, err
		}
	}
	sum := sumOf(data)
	if err := r.check(chart, listed, sum); err != nil {
		return nil, err
	}
	files, err := unpack(data, chart, r.options.Limits.Unpacked)
	if err != nil {
		return nil, r.source.failed("cannot be used: its chart %s is refused: %v", chart, err)
	}
	if fetched {
		r.keep(chart, listed, sum, data)
	}
	return files, nil
}

func (r *remoteStore) fetch(ctx context.Context, chart ChartVersion, listed entry) ([]byte, error) {
	server, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	data, err := server.archive(ctx, chart, listed)
	var failed *Error
	if errors.As(err, &failed) && failed.status == http.StatusNotFound {
		return nil, errNotThere
	}
	return data, err
}

// check compares a chart with the sum that the user gave, the one that it had before, and the one
// that the source tells.
func (r *remoteStore) check(chart ChartVersion, listed entry, sum string) error {
	for _, wanted := range []struct{ sum, whose string }{
		{r.source.Checksums[chart], "the checksum that the settings give"},
		{listed.Kept, "the one that was fetched before"},
		{listed.sumUnlessKept(), "the checksum that its index gives"},
	} {
		if wanted.sum != "" && wanted.sum != sum {
			return r.source.failed("cannot be used: its chart %s has SHA-256 sum %s, and %s is %s", chart, sum, wanted.whose, wanted.sum)
		}
	}
	return nil
}

// sumUnlessKept is the source's sum. For a chart that was fetched before, what it was then counts.
func (e entry) sumUnlessKept() string {
	if e.Kept != "" {
		return ""
	}
	return e.Sum
}

// keep remembers a fetched chart on disk, and its sum.
func (r *remoteStore) keep(chart ChartVersion, listed entry, sum string, data []byte) {
	listed.Kept = sum
	r.mu.Lock()
	r.known.set(chart.Chart, chart.Version, listed)
	r.mu.Unlock()
	r.save(r.cache.saveArchive(chart, data))
	r.save(r.cache.saveIndex(r.known))
}
