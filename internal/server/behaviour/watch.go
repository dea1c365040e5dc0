// Package behaviour keeps the health of the workloads and services of the clusters up to date with their metrics.
package behaviour

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/telemetry"
)

const (
	// interval is how often the health of everything is judged.
	interval = time.Minute
	// steady is how long an expectation holds: it is about the same time of day.
	steady = 10 * time.Minute
	// roundTimeout bounds all questions of one round for one cluster.
	roundTimeout = 50 * time.Second
	// current is how near a time must be to count as now.
	current = 2 * interval
	// remembered is how many reports about past times are kept.
	remembered = 32
	// atOnce is how many past times are asked about at once: each takes some hundred questions.
	atOnce = 2
)

// Cluster is a cluster whose objects are judged.
type Cluster struct {
	Name      string
	Inventory func(context.Context) (*inventory.Inventory, error)
}

// Reports are about the objects of one cluster.
type Reports = map[health.Object]health.Report

// Watch judges objects by their metrics.
type Watch struct {
	mesh *telemetry.Mesh
	log  *slog.Logger

	asking   singleflight.Group
	slots    chan struct{}
	mu       sync.Mutex
	clusters map[string]Cluster
	latest   map[string]state
	past     map[string]Reports // by cluster and minute
	recent   map[string]*recent
}

// state is what is known of a cluster.
type state struct {
	expected map[health.Object]health.Expected
	since    time.Time // when the expectations were computed
	reports  Reports
	at       time.Time
	err      error
}

// New returns a Watch.
func New(mesh *telemetry.Mesh, clusters []Cluster, log *slog.Logger) *Watch {
	named := map[string]Cluster{}
	for _, c := range clusters {
		named[c.Name] = c
	}
	return &Watch{
		mesh: mesh, log: log, slots: make(chan struct{}, atOnce), clusters: named, latest: map[string]state{}, past: map[string]Reports{},
		recent: map[string]*recent{},
	}
}

// Run judges the clusters that are there from the start until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	w.mu.Lock()
	first := slices.Collect(maps.Values(w.clusters))
	w.mu.Unlock()
	var running sync.WaitGroup
	for _, c := range first {
		running.Go(func() { w.keepJudging(ctx, c) })
	}
	running.Wait()
	return nil
}

// Follow judges a further cluster until ctx ends, and then forgets it.
func (w *Watch) Follow(ctx context.Context, c Cluster) {
	w.mu.Lock()
	w.clusters[c.Name] = c
	w.mu.Unlock()
	w.keepJudging(ctx, c)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.clusters, c.Name)
	delete(w.latest, c.Name)
}

// keepJudging judges again and again. A cluster whose metrics are slow delays no other.
func (w *Watch) keepJudging(ctx context.Context, c Cluster) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		w.round(ctx, c, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// round judges the objects of one cluster now.
func (w *Watch) round(ctx context.Context, c Cluster, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	w.mu.Lock()
	known := w.latest[c.Name]
	w.mu.Unlock()
	next, err := w.judge(ctx, c, now, known)
	if err != nil {
		if known.err == nil {
			w.log.WarnContext(ctx, "health is not judged", "cluster", c.Name, "error", err)
		}
		next = state{expected: known.expected, since: known.since, err: err}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest[c.Name] = next
	if err == nil {
		if w.recent[c.Name] == nil {
			w.recent[c.Name] = &recent{}
		}
		w.recent[c.Name].add(now, next.reports)
	}
}

// judge compares what is observed at a time with what is expected, which is computed anew when it is too old.
func (w *Watch) judge(ctx context.Context, c Cluster, at time.Time, known state) (state, error) {
	owners, err := w.owners(ctx, c)
	if err != nil {
		return state{}, err
	}
	asked := question{mesh: w.mesh, cluster: c.Name, at: at, owners: owners}
	observed, err := asked.observed(ctx)
	if err != nil {
		return state{}, err
	}
	next := state{expected: known.expected, since: known.since, at: at, reports: Reports{}}
	if at.Sub(next.since) >= steady || next.since.After(at) {
		if next.expected, err = asked.expected(ctx); err != nil {
			return state{}, err
		}
		next.since = at
	}
	for object := range next.expected {
		if observed[object] == nil {
			observed[object] = health.Observed{}
		}
	}
	for object, values := range observed {
		expected := next.expected[object]
		if _, counted := values[health.Requests]; !counted && expected[health.Requests].Basis != health.NoHistory {
			values[health.Requests] = 0 // the backend answers, and nobody reports a request
		}
		next.reports[object] = health.Compare(values, expected)
	}
	return next, nil
}

// Reports implements graph.Judge. About now, it tells what the last round found; about the past, it asks the backend.
func (w *Watch) Reports(ctx context.Context, cluster string, at time.Time) (Reports, error) {
	if time.Since(at) < current {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.latest[cluster].reports, w.latest[cluster].err
	}
	at = at.Truncate(interval)
	key := cluster + " " + at.Format(time.RFC3339)
	w.mu.Lock()
	found, known := w.past[key]
	w.mu.Unlock()
	if known {
		return found, nil
	}
	detached := context.WithoutCancel(ctx) // others may wait for the same
	result := w.asking.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, roundTimeout)
		defer cancel()
		return w.judgePast(ctx, w.cluster(cluster), at, key)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case answer := <-result:
		reports, _ := answer.Val.(Reports)
		return reports, answer.Err
	}
}

// judgePast judges at a past time, when its turn comes.
func (w *Watch) judgePast(ctx context.Context, c Cluster, at time.Time, key string) (Reports, error) {
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	judged, err := w.judge(ctx, c, at, state{})
	if err == nil {
		w.remember(key, judged.reports)
	}
	return judged.reports, err
}

func (w *Watch) remember(key string, reports Reports) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.past) >= remembered {
		clear(w.past)
	}
	w.past[key] = reports
}

func (w *Watch) cluster(name string) Cluster {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, found := w.clusters[name]; found {
		return c
	}
	return Cluster{Name: name}
}
