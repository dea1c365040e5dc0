// Package findings keeps the findings of the validation up to date with the clusters of the mesh.
package findings

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshmanager/smm/internal/istio/proxystatus"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/live"
)

// patience is how long a question waits for clusters that were not read yet.
const patience = 5 * time.Second

// ErrNotRead tells that nothing is known yet.
var ErrNotRead = errors.New("the configuration of the clusters was not read yet: try again in some seconds")

// Board has the findings of all clusters.
type Board struct {
	engine *validation.Engine
	log    *slog.Logger
	trying chan struct{} // holds one signal while an object is tried

	mu       sync.Mutex
	clusters []*followed
	proxies  map[validation.ID]bool
}

// New returns a Board of the clusters, which are read with the rights of their configurations.
func New(clusters []live.Cluster, log *slog.Logger) (*Board, error) {
	b := &Board{engine: analyzer.New(), log: log, trying: make(chan struct{}, 1), proxies: map[validation.ID]bool{}}
	for _, c := range clusters {
		if _, err := b.add(c); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Run follows the clusters that are there from the start until ctx ends.
func (b *Board) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, c := range b.followed() {
		running.Go(func() { b.follow(ctx, c) })
	}
	running.Wait()
	return nil
}

// Known tells whether clusters that can be read were read.
func (b *Board) Known() bool {
	return slices.ContainsFunc(b.followed(), func(c *followed) bool { return c.known() })
}

// Findings returns all findings. It waits some seconds for clusters that began to be read; when none was, the error is
// ErrNotRead.
func (b *Board) Findings(ctx context.Context) ([]validation.Finding, error) {
	for _, c := range b.followed() {
		c.await(ctx)
	}
	if !b.Known() {
		return nil, ErrNotRead
	}
	return b.engine.Findings(), nil
}

// Changed returns a channel on which something is sent, first at once and then after each change, until ctx ends.
func (b *Board) Changed(ctx context.Context) <-chan validation.Update { return b.engine.Subscribe(ctx) }

// Tell takes in what control planes tell about their proxies.
func (b *Board) Tell(connected []proxies.Proxy) {
	change := validation.Change{}
	now := map[validation.ID]bool{}
	for _, proxy := range connected {
		o := &validation.Object{
			ID: validation.ID{Cluster: proxy.Cluster, Kind: validation.ProxySync, Namespace: proxy.Namespace, Name: proxy.Name},
			Spec: &validation.ProxyState{
				ControlPlane: proxy.Plane.Revision, Version: proxy.Version,
				Stale: proxy.In(proxystatus.Stale), Rejected: proxy.In(proxystatus.Rejected),
			},
		}
		now[o.ID] = true
		change.Set = append(change.Set, o)
	}
	b.mu.Lock()
	for id := range b.proxies {
		if !now[id] {
			change.Delete = append(change.Delete, id)
		}
	}
	b.proxies = now
	b.mu.Unlock()
	b.engine.Apply(change)
}

// Describe implements prometheus.Collector.
func (b *Board) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- description() }

// Collect implements prometheus.Collector. Nothing is told while nothing is known.
func (b *Board) Collect(metrics chan<- prometheus.Metric) {
	if !b.Known() {
		return
	}
	type key struct{ check, severity string }
	counts := map[key]int{}
	for _, f := range b.engine.Findings() {
		counts[key{f.Check, string(f.Severity)}]++
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b key) int { return strings.Compare(a.check+a.severity, b.check+b.severity) })
	for _, k := range keys {
		metrics <- prometheus.MustNewConstMetric(description(), prometheus.GaugeValue, float64(counts[k]), k.check, k.severity)
	}
}

func description() *prometheus.Desc {
	return prometheus.NewDesc("smm_findings", "Findings of the validation, by check and severity.", []string{"check", "severity"}, nil)
}
