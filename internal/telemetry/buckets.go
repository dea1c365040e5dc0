package telemetry

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"
)

// Bucket is how many requests of a second took at most so long.
type Bucket struct {
	Reporter, Cluster, Namespace string
	// Bound is in seconds; infinite for the last bucket.
	Bound float64
	Rate  float64
}

// Buckets asks for the histograms of the namespaces' requests at an instant, with one question to each backend.
func (m *Mesh) Buckets(ctx context.Context, at time.Time) ([]Bucket, []Problem) {
	return gather(m, func(b *Backend) ([]Bucket, error) {
		values, err := b.Query(ctx, bucketsExpression(b.Window()), at)
		if err != nil {
			return nil, err
		}
		buckets := make([]Bucket, 0, len(values))
		for _, value := range values {
			bound, err := strconv.ParseFloat(value.Labels["le"], 64)
			if err != nil || math.IsNaN(bound) || math.IsInf(value.Value, 0) || value.Value < 0 {
				continue
			}
			call := callOf(b.Cluster, value.Labels)
			buckets = append(buckets, Bucket{string(call.Reporter), call.To.Cluster, call.To.Namespace, bound / 1000, value.Value})
		}
		return buckets, nil
	})
}

// Quantile is the duration in seconds that the share of the requests does not exceed, with the requests of a bucket spread
// evenly over it, as Prometheus does; nil without requests or without a bound.
func Quantile(share float64, buckets []Bucket) *float64 {
	cumulative := map[float64]float64{}
	for _, bucket := range buckets {
		cumulative[bucket.Bound] += bucket.Rate
	}
	total, bounded := cumulative[math.Inf(1)]
	if !bounded || total <= 0 {
		return nil
	}
	bounds := make([]float64, 0, len(cumulative))
	for bound := range cumulative {
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	wanted, lower, below := share*total, 0.0, 0.0
	for _, bound := range bounds {
		within := cumulative[bound]
		if within < wanted {
			lower, below = bound, within
			continue
		}
		if math.IsInf(bound, 1) || within == below {
			return &lower
		}
		seconds := lower + (bound-lower)*(wanted-below)/(within-below)
		return &seconds
	}
	return nil
}
