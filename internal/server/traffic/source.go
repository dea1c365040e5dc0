// Package traffic tells the traffic of the mesh from its metrics backends and inventories, once for all who ask at about
// the same time.
package traffic

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/topology"
)

// fresh is how long an answer about now is good.
const fresh = 2 * time.Second

// Inventories returns what runs on the clusters.
type Inventories func(context.Context) ([]*inventory.Inventory, error)

// Source tells the mesh's traffic. It has no access control.
type Source struct {
	Mesh        *telemetry.Mesh
	Inventories Inventories

	asking singleflight.Group
	mu     sync.Mutex
	known  map[string]kept
}

type kept struct {
	value any
	until time.Time
}

// Snapshot is the traffic at one time. Callers must not change it.
type Snapshot struct {
	At     time.Time
	Graph  topology.Graph
	Totals topology.Totals
	Outage Outage
}

// At returns the traffic at a time, or now for the zero time, with the quantiles of latencies that are asked for.
func (s *Source) At(ctx context.Context, at time.Time, quantiles ...float64) (*Snapshot, error) {
	return shared(ctx, s, at, fmt.Sprint("graph", quantiles), func(ctx context.Context, at time.Time) (*Snapshot, error) {
		return s.snapshot(ctx, at, quantiles)
	})
}

func (s *Source) snapshot(ctx context.Context, at time.Time, quantiles []float64) (*Snapshot, error) {
	var (
		group     sync.WaitGroup
		samples   []topology.Sample
		latencies []topology.Latency
		outage    = Outage{unconfigured: len(s.Mesh.All()) == 0}
		slow      []telemetry.Problem
	)
	group.Go(func() { samples, outage.problems = s.Mesh.Traffic(ctx, at) })
	if len(quantiles) > 0 {
		group.Go(func() { latencies, slow = s.Mesh.Latencies(ctx, at, telemetry.ByEdge, quantiles...) })
	}
	group.Wait()
	if len(outage.problems) == 0 {
		outage.lacking = slow
	}
	inventories, err := s.Inventories(ctx)
	if err != nil {
		return nil, err
	}
	graph := topology.Build(samples, latencies, workloadsOf(inventories))
	nameProtocols(&graph, inventories)
	return &Snapshot{At: at, Graph: graph, Totals: graph.Totals(), Outage: outage}, nil
}

// Times returns the latencies of all workloads or services at a time, or now for the zero time.
func (s *Source) Times(ctx context.Context, at time.Time, scope telemetry.Scope, quantiles ...float64) (map[topology.Name]topology.Times, error) {
	return shared(ctx, s, at, fmt.Sprint(scope, quantiles), func(ctx context.Context, at time.Time) (map[topology.Name]topology.Times, error) {
		latencies, _ := s.Mesh.Latencies(ctx, at, scope, quantiles...)
		about := topology.DestinationWorkload
		if scope == telemetry.ByService {
			about = topology.DestinationService
		}
		return topology.TimesOf(latencies, about), nil
	})
}

// Buckets returns the histograms of all namespaces' requests now.
func (s *Source) Buckets(ctx context.Context) ([]telemetry.Bucket, error) {
	return shared(ctx, s, time.Time{}, "buckets", func(ctx context.Context, at time.Time) ([]telemetry.Bucket, error) {
		buckets, _ := s.Mesh.Buckets(ctx, at)
		return buckets, nil
	})
}

// shared asks once for all who want the same at about the same time. Who gives up does not end it for the others.
func shared[T any](ctx context.Context, s *Source, at time.Time, what string, ask func(context.Context, time.Time) (T, error)) (T, error) {
	key := what
	if !at.IsZero() {
		key += at.UTC().Format(time.RFC3339)
	}
	if value, found := s.recall(key); found {
		return value.(T), nil
	}
	detached := context.WithoutCancel(ctx)
	result := s.asking.DoChan(key, func() (any, error) {
		when := at
		if when.IsZero() {
			when = time.Now()
		}
		value, err := ask(detached, when)
		if err != nil {
			return nil, err
		}
		s.keep(key, value)
		return value, nil
	})
	var none T
	select {
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case answer := <-result:
		if answer.Err != nil {
			return none, answer.Err
		}
		return answer.Val.(T), nil
	}
}

func (s *Source) recall(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, is := s.known[key]
	return found.value, is && time.Now().Before(found.until)
}

// keep remembers an answer and forgets the old ones.
func (s *Source) keep(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.known == nil {
		s.known = map[string]kept{}
	}
	for old, entry := range s.known {
		if now.After(entry.until) {
			delete(s.known, old)
		}
	}
	s.known[key] = kept{value, now.Add(fresh)}
}
