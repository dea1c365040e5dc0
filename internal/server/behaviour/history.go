package behaviour

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/telemetry"
)

// maxHistory bounds the time that a history covers.
const maxHistory = 14 * day

// History implements graph.Judge: it asks for all of an object's past once, and judges each time by what was before it.
func (w *Watch) History(ctx context.Context, cluster string, object health.Object, from, to time.Time, points int) ([]health.Point, error) {
	if to.Sub(from) > maxHistory {
		return nil, fmt.Errorf("a history covers %d days at most", int(maxHistory/day))
	}
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	past, err := w.pastOf(ctx, cluster, object, telemetry.Span{From: from.Add(-health.Days*day - health.Reach), To: to, Step: step})
	if err != nil {
		return nil, err
	}
	history := make([]health.Point, 0, points)
	for i := range points {
		at := to
		if points > 1 {
			at = from.Add(to.Sub(from) * time.Duration(i) / time.Duration(points-1))
		}
		report := health.Judge(past, at)
		history = append(history, health.Point{At: at, Verdict: report.Verdict, Score: report.Score})
	}
	return history, nil
}

func (w *Watch) pastOf(ctx context.Context, cluster string, object health.Object, span telemetry.Span) (health.History, error) {
	c := w.cluster(cluster)
	subject := telemetry.Object{Cluster: cluster, Namespace: object.Namespace, Name: object.Name, Service: object.Service}
	if c.Inventory != nil && !object.Service {
		current, err := c.Inventory(ctx)
		if err != nil {
			return nil, err
		}
		subject.Pods = podsOf(current, object)
	}
	measures := health.Measures()
	series := make([]health.Series, len(measures))
	group, ctx := errgroup.WithContext(ctx)
	for i, measure := range measures {
		group.Go(func() error {
			points, err := w.mesh.Series(ctx, subject, telemetry.Measure(measure), span)
			for _, point := range points {
				series[i] = append(series[i], health.Sample{At: point.Time, Value: point.Value})
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	past := health.History{}
	for i, measure := range measures {
		if len(series[i]) > 0 {
			past[measure] = series[i]
		}
	}
	return past, nil
}

// podsOf matches the names of a workload's pods, also of those that are gone.
func podsOf(current *inventory.Inventory, object health.Object) []string {
	for i := range current.Workloads {
		workload := &current.Workloads[i]
		if workload.Namespace != object.Namespace || workload.Name != object.Name {
			continue
		}
		if workload.Kind == "Pod" {
			return []string{telemetry.Literal(workload.Name)}
		}
		return []string{telemetry.Literal(workload.Name) + "(-[a-z0-9]+){1,2}"}
	}
	return nil
}
