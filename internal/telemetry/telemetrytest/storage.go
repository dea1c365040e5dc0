// Package telemetrytest is a Prometheus in memory for tests: the real engine for PromQL over series that the test gives,
// behind the HTTP API.
package telemetrytest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory holds series. It is a storage.Queryable.
type memory struct {
	mu     sync.Mutex
	series []*storedSeries
	byName map[uint64]*storedSeries
}

type storedSeries struct {
	labels  labels.Labels
	samples []chunks.Sample
}

type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// append adds a sample, which must be later than the series' last one.
func (m *memory) append(name labels.Labels, at time.Time, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hash := name.Hash()
	found := m.byName[hash]
	if found == nil {
		if m.byName == nil {
			m.byName = map[uint64]*storedSeries{}
		}
		found = &storedSeries{labels: name}
		m.byName[hash] = found
		m.series = append(m.series, found)
	}
	found.samples = append(found.samples, sample{at.UnixMilli(), value})
}

// Querier returns a reader of all series.
func (m *memory) Querier(int64, int64) (storage.Querier, error) { return querier{m}, nil }

type querier struct{ *memory }

func (querier) Close() error { return nil }

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Select finds series, sorted by their labels.
func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	q.mu.Lock()
	defer q.mu.Unlock()
	var found []storage.Series
	for _, s := range q.series {
		if matches(s.labels, matchers) {
			found = append(found, storage.NewListSeries(s.labels, s.samples))
		}
	}
	slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &set{series: found, position: -1}
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

type set struct {
	series   []storage.Series
	position int
}

func (s *set) Next() bool {
	s.position++
	return s.position < len(s.series)
}

func (s *set) At() storage.Series                { return s.series[s.position] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }
