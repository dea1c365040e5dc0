package topology

import "math"

// quantiles are durations in seconds by the share of requests that do not exceed them.
type quantiles map[float64]float64

// time keeps a latency beside the edge that it is about.
func (b *builder) time(l *Latency) {
	if math.IsNaN(l.Seconds) || math.IsInf(l.Seconds, 0) || l.Seconds < 0 {
		return
	}
	id, _, _ := b.edgeOf(&l.Call)
	edge := b.edges[id]
	if edge == nil {
		return
	}
	if edge.latencies == nil {
		edge.latencies = map[Reporter]quantiles{}
	}
	times := edge.latencies[l.Reporter]
	if times == nil {
		times = quantiles{}
		edge.latencies[l.Reporter] = times
	}
	times[l.Quantile] = max(times[l.Quantile], l.Seconds)
}

func (q quantiles) putInto(t *Traffic) {
	for quantile, into := range map[float64]**float64{0.5: &t.P50, 0.95: &t.P95, 0.99: &t.P99} {
		if seconds, found := q[quantile]; found {
			*into = &seconds
		}
	}
}

// Times are quantiles of the duration of requests, in seconds; nil when they are not known.
type Times struct{ P50, P95, P99 *float64 }

// TimesOf are the latencies by what they are about, as the end that answers tells them, or as callers do when it does not.
func TimesOf(latencies []Latency, about func(*Call) Name) map[Name]Times {
	kept := map[Name]map[Reporter]quantiles{}
	for i := range latencies {
		l := &latencies[i]
		if math.IsNaN(l.Seconds) || math.IsInf(l.Seconds, 0) || l.Seconds < 0 {
			continue
		}
		name := about(&l.Call)
		if kept[name] == nil {
			kept[name] = map[Reporter]quantiles{Source: {}, Destination: {}}
		}
		if times := kept[name][l.Reporter]; times != nil {
			times[l.Quantile] = max(times[l.Quantile], l.Seconds)
		}
	}
	result := make(map[Name]Times, len(kept))
	for name, reports := range kept {
		best := reports[Destination]
		if len(best) == 0 {
			best = reports[Source]
		}
		var t Traffic
		best.putInto(&t)
		result[name] = Times{t.P50, t.P95, t.P99}
	}
	return result
}

// DestinationWorkload names the workload that a call leads to.
func DestinationWorkload(c *Call) Name {
	return Name{known(c.To.Cluster), known(c.To.Namespace), known(c.To.Workload)}
}

// DestinationService names the service that is called.
func DestinationService(c *Call) Name {
	return Name{known(c.To.Cluster), known(c.ServiceNamespace), known(c.Service)}
}
