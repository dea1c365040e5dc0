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
	engine   *validation.Engine
	clusters []*followed
	log      *slog.Logger
	trying   chan struct{} // holds one signal while an object is tried

	mu      sync.Mutex
	proxies map[validation.ID]bool
}

// followed is a cluster whose objects are followed.
type followed struct {
	name     string
	follower *live.Follower
	read     chan struct{} // closed when it was read once
}

func (c *followed) wasRead() bool {
	select {
	case <-c.read:
		return true
	default:
		return false
	}
}

// New returns a Board of the clusters, which are read with the rights of their configurations.
func New(clusters []live.Cluster, log *slog.Logger) (*Board, error) {
	b := &Board{engine: analyzer.New(), log: log, trying: make(chan struct{}, 1), proxies: map[validation.ID]bool{}}
	for _, c := range clusters {
		follower, err := live.NewFollower(c, analyzer.Kinds())
		if err != nil {
			return nil, err
		}
		b.clusters = append(b.clusters, &followed{c.Name, follower, make(chan struct{})})
	}
	return b, nil
}

// Run follows the clusters until ctx ends.
func (b *Board) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, c := range b.clusters {
		running.Go(func() {
			first := true
			c.follower.Run(ctx, func(change validation.Change) {
				if first {
					change.Set = append(change.Set, analyzer.Cluster(c.name))
				}
				b.engine.Apply(change)
				if first {
					first = false
					close(c.read)
					for _, note := range c.follower.Notes() {
						b.log.WarnContext(ctx, note)
					}
				}
			})
		})
	}
	running.Wait()
	return nil
}

// Known tells whether the clusters that can be read were read.
func (b *Board) Known() bool {
	return slices.ContainsFunc(b.clusters, (*followed).wasRead)
}

// Findings returns all findings. It waits some seconds for clusters that were not read yet; when none was, the error is
// ErrNotRead.
func (b *Board) Findings(ctx context.Context) ([]validation.Finding, error) {
	limit, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, c := range b.clusters {
		select {
		case <-c.read:
		case <-limit.Done():
		}
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
