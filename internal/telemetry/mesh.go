package telemetry

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/topology"
)

// Mesh are the backends of a mesh: one that has the metrics of all clusters, or one for each cluster. A series must be in
// one of them only.
type Mesh struct {
	// Backends are those that are there from the start.
	Backends []*Backend

	mu      sync.Mutex
	members map[string]member // clusters that came later
}

// Problem is what keeps a backend from answering.
type Problem struct {
	// Cluster is the backend's; "" for one that has the metrics of all.
	Cluster string
	Text    string
}

// String is the problem as one sentence.
func (p Problem) String() string {
	if p.Cluster == "" {
		return p.Text
	}
	return "cluster " + p.Cluster + ": " + p.Text
}

// Interval is the longest time between two scrapes.
func (m *Mesh) Interval() time.Duration {
	interval := time.Duration(0)
	for _, b := range m.All() {
		interval = max(interval, b.Interval)
	}
	return interval
}

// Traffic asks for the requests and connections of all edges at an instant, with two questions to each backend. What one
// of them cannot answer is missing, and a problem says so.
func (m *Mesh) Traffic(ctx context.Context, at time.Time) ([]topology.Sample, []Problem) {
	return gather(m, func(b *Backend) ([]topology.Sample, error) {
		var requests, connections []Value
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() (err error) { requests, err = b.Query(ctx, requestsExpression(b.Window()), at); return })
		group.Go(func() (err error) { connections, err = b.Query(ctx, connectionsExpression(b.Window()), at); return })
		if err := group.Wait(); err != nil {
			return nil, err
		}
		samples := make([]topology.Sample, 0, len(requests)+len(connections))
		for _, value := range requests {
			samples = append(samples, requestSample(b.Cluster, value))
		}
		for _, value := range connections {
			samples = append(samples, connectionSample(b.Cluster, value))
		}
		return samples, nil
	})
}

// Latencies asks for quantiles of the duration of requests at an instant: with one question to each backend that computes
// them ahead, else with one more for each quantile.
func (m *Mesh) Latencies(ctx context.Context, at time.Time, scope Scope, quantiles ...float64) ([]topology.Latency, []Problem) {
	return gather(m, func(b *Backend) ([]topology.Latency, error) {
		var latencies []topology.Latency
		if scope == ByEdge {
			known, err := b.recorded(ctx, at, quantiles)
			if err != nil || len(known) > 0 {
				return known, err
			}
		}
		for _, quantile := range quantiles {
			values, err := b.Query(ctx, latencyExpression(quantile, scope, b.Window()), at)
			if err != nil {
				return nil, err
			}
			for _, value := range values {
				latencies = append(latencies, latencyOf(b.Cluster, value.Labels, quantile, value.Value/1000))
			}
		}
		return latencies, nil
	})
}

// gather asks all backends side by side.
func gather[T any](m *Mesh, ask func(*Backend) ([]T, error)) ([]T, []Problem) {
	type answer struct {
		found []T
		err   error
	}
	backends := m.All()
	answers := make([]answer, len(backends))
	var group sync.WaitGroup
	for i, b := range backends {
		group.Go(func() { answers[i].found, answers[i].err = ask(b) })
	}
	group.Wait()
	var all []T
	var problems []Problem
	for i, b := range backends {
		all = append(all, answers[i].found...)
		if answers[i].err != nil {
			problems = append(problems, Problem{b.Cluster, answers[i].err.Error()})
		}
	}
	return all, append(problems, m.lacking()...)
}
