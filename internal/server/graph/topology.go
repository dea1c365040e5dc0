package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/traffic"
)

// Topology tells the mesh's traffic, with the latencies that are asked for.
func (q query) Topology(ctx context.Context, filter *model.Filter, at *string, merge *bool) (*model.Topology, error) {
	var when time.Time
	if at != nil {
		var err error
		if when, err = parseTime("at", *at); err != nil {
			return nil, err
		}
	}
	snapshot, err := q.Traffic.At(ctx, when, quantilesOf(ctx, "edges", "traffic")...)
	if err != nil {
		return nil, err
	}
	return q.topology(ctx, snapshot, filter, merge != nil && *merge)
}

func (r *Resolver) topology(ctx context.Context, snapshot *traffic.Snapshot, filter *model.Filter, merge bool) (*model.Topology, error) {
	s, err := r.sight(ctx)
	if err != nil {
		return nil, err
	}
	return describeTopology(s, snapshot, filter, merge), nil
}

func parseTime(name, text string) (time.Time, error) {
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return parsed, fmt.Errorf("%s is %q: give a time such as 2006-01-02T15:04:05Z", name, text)
	}
	return parsed, nil
}

// minInterval is the least time between two graphs of one subscription.
const minInterval = 2 * time.Second

// Topology follows the mesh's traffic.
func (s subscription) Topology(ctx context.Context, filter *model.Filter, seconds *int, merge *bool) (<-chan *model.Topology, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	interval := 5 * time.Second
	if seconds != nil {
		interval = max(time.Duration(*seconds)*time.Second, minInterval)
	}
	quantiles := quantilesOf(ctx, "edges", "traffic")
	out := make(chan *model.Topology)
	go func() {
		defer close(out)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		last := ""
		for asked := []float64(nil); ; asked = quantiles {
			current, err := s.current(ctx, filter, merge != nil && *merge, asked)
			if err != nil {
				s.Log.WarnContext(ctx, "the topology cannot be told", "error", err)
			} else if content := fingerprint(current); content != last {
				last = content
				select {
				case out <- current:
				case <-ctx.Done():
					return
				}
			}
			if asked == nil && len(quantiles) > 0 { // the structure is there; now the latencies
				continue
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (s subscription) current(ctx context.Context, filter *model.Filter, merge bool, quantiles []float64) (*model.Topology, error) {
	snapshot, err := s.Traffic.At(ctx, time.Time{}, quantiles...)
	if err != nil {
		return nil, err
	}
	return s.topology(ctx, snapshot, filter, merge)
}

// fingerprint is what tells whether a graph is another one than before: all but its time.
func fingerprint(t *model.Topology) string {
	timeless := *t
	timeless.At = ""
	content, err := json.Marshal(timeless)
	if err != nil { // a value that JSON has no word for: say it again
		return t.At
	}
	return string(content)
}
