package graph

import (
	"context"
	"time"

	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/topology"
)

// Traffic tells what arrives at a service.
func (s service) Traffic(ctx context.Context, of *model.Service) (*model.Traffic, error) {
	name := topology.Name{Cluster: of.Cluster, Namespace: of.Namespace, Name: of.Name}
	return s.inbound(ctx, name, telemetry.ByService, func(t *topology.Totals) *topology.Traffic { return t.Service[name] })
}

// Traffic tells what arrives at a workload.
func (w workload) Traffic(ctx context.Context, of *model.Workload) (*model.Traffic, error) {
	name := topology.Name{Cluster: of.Cluster, Namespace: of.Namespace, Name: of.Name}
	return w.inbound(ctx, name, telemetry.ByWorkload, func(t *topology.Totals) *topology.Traffic { return t.Of(name) })
}

// Traffic tells what passes a gateway, whose Deployment has its name.
func (g gateway) Traffic(ctx context.Context, of *model.Gateway) (*model.Traffic, error) {
	name := topology.Name{Cluster: of.Cluster, Namespace: of.Namespace, Name: of.Name}
	return g.inbound(ctx, name, telemetry.ByWorkload, func(t *topology.Totals) *topology.Traffic { return t.Of(name) })
}

// inbound is the traffic of one object, with the latencies that are asked for; null when it is not known. An object without
// traffic has none, which is known.
func (r *Resolver) inbound(
	ctx context.Context, name topology.Name, scope telemetry.Scope, pick func(*topology.Totals) *topology.Traffic,
) (*model.Traffic, error) {
	snapshot, err := r.Traffic.At(ctx, time.Time{})
	if err != nil || !snapshot.Outage.Knows(name.Cluster) {
		return nil, err
	}
	var found topology.Traffic
	if known := pick(&snapshot.Totals); known != nil {
		found = *known
	}
	found.P50, found.P95, found.P99 = nil, nil, nil
	if quantiles := quantilesOf(ctx); len(quantiles) > 0 {
		times, err := r.Traffic.Times(ctx, time.Time{}, scope, quantiles...)
		if err != nil {
			return nil, err
		}
		found.P50, found.P95, found.P99 = times[name].P50, times[name].P95, times[name].P99
	}
	return describeTraffic(&found), nil
}

// flow adds to the numbers what arrives where the user may see it.
func (r *Resolver) flow(ctx context.Context, numbers *model.Numbers, filter *model.Filter) error {
	if !selects(ctx, nil, "requestsPerSecond", "errorRate", "p95") {
		return nil
	}
	snapshot, err := r.Traffic.At(ctx, time.Time{})
	if err != nil {
		return err
	}
	s, err := r.sight(ctx)
	if err != nil {
		return err
	}
	var sum topology.Traffic
	for i := range snapshot.Graph.Edges {
		e := &snapshot.Graph.Edges[i]
		if visible, object := s.node(e.To); visible && object && inPlace(filter, e.To.Cluster, e.To.Namespace) {
			sum.Add(&e.Traffic)
		}
	}
	if snapshot.Outage.Complete() {
		rate := sum.ErrorRate()
		numbers.RequestsPerSecond, numbers.ErrorRate = &sum.Requests, &rate
	}
	if !selects(ctx, nil, "p95") {
		return nil
	}
	buckets, err := r.Traffic.Buckets(ctx)
	if err != nil {
		return err
	}
	var seen []telemetry.Bucket
	for _, b := range preferred(buckets) {
		visible, _ := s.node(topology.NodeID{Kind: topology.KindWorkload, Cluster: b.Cluster, Namespace: b.Namespace})
		if visible && inPlace(filter, b.Cluster, b.Namespace) {
			seen = append(seen, b)
		}
	}
	numbers.P95 = telemetry.Quantile(0.95, seen)
	return nil
}

func inPlace(filter *model.Filter, cluster, namespace string) bool {
	return matchesAny(clustersOf(filter), cluster) && (filter == nil || matchesAny(filter.Namespaces, namespace))
}

// preferred are, of each namespace, the histograms of the workloads that answer, or those of callers where they report none.
func preferred(buckets []telemetry.Bucket) []telemetry.Bucket {
	answering := map[topology.Name]bool{}
	for _, b := range buckets {
		if b.Reporter == string(topology.Destination) && b.Rate > 0 {
			answering[topology.Name{Cluster: b.Cluster, Namespace: b.Namespace}] = true
		}
	}
	var kept []telemetry.Bucket
	for _, b := range buckets {
		if answering[topology.Name{Cluster: b.Cluster, Namespace: b.Namespace}] == (b.Reporter == string(topology.Destination)) {
			kept = append(kept, b)
		}
	}
	return kept
}

// Backends tells how the metrics backends do, asking those that nobody has asked yet.
func (q query) Backends(ctx context.Context) ([]model.Backend, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	described := []model.Backend{}
	for _, b := range q.Traffic.Mesh.All() {
		if !b.State().Asked {
			_ = b.Ping(ctx) // the state tells
		}
		state := b.State()
		one := model.Backend{Cluster: b.Cluster, URL: b.URL(), Reachable: state.Asked && state.Problem == "", Problem: optional(state.Problem)}
		if !state.LastAnswer.IsZero() {
			one.LastAnswer = optional(stamp(state.LastAnswer))
		}
		described = append(described, one)
	}
	return described, nil
}
