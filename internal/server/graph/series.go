package graph

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/telemetry"
)

const (
	// maxPoints bounds the points of one series.
	maxPoints = 1000
	// maxSpan bounds the time of one series.
	maxSpan = 31 * 24 * time.Hour
	// maxMeasures bounds the series of one question.
	maxMeasures = 10
)

// Series tells measures of an object over time; nothing for one that the user may not see.
func (q query) Series(ctx context.Context, id string, measures []model.Measure, from, to string, points *int) ([]model.Series, error) {
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return nil, err
	}
	span, err := spanOf(from, to, points)
	if err != nil {
		return nil, err
	}
	if len(measures) > maxMeasures {
		return nil, fmt.Errorf("these are %d measures: ask for %d at most", len(measures), maxMeasures)
	}
	v, err := q.viewOf(ctx, parsed)
	if err != nil || v == nil {
		return []model.Series{}, err
	}
	object, found := v.subject(parsed)
	if !found {
		return []model.Series{}, nil
	}
	all := make([]model.Series, len(measures))
	group, ctx := errgroup.WithContext(ctx)
	for i, measure := range measures {
		group.Go(func() error {
			points, err := q.Traffic.Mesh.Series(ctx, object, telemetry.Measure(measure), span)
			if err != nil {
				return err
			}
			all[i] = model.Series{Measure: measure, Unit: telemetry.Measure(measure).Unit(), Points: describePoints(points)}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

func spanOf(from, to string, points *int) (telemetry.Span, error) {
	start, err := parseTime("from", from)
	if err != nil {
		return telemetry.Span{}, err
	}
	end, err := parseTime("to", to)
	if err != nil {
		return telemetry.Span{}, err
	}
	wanted := 120
	if points != nil {
		wanted = *points
	}
	switch {
	case !end.After(start) || end.Sub(start) > maxSpan:
		return telemetry.Span{}, fmt.Errorf("from %s to %s: give a time of up to %d days", from, to, int(maxSpan.Hours()/24))
	case wanted < 2 || wanted > maxPoints:
		return telemetry.Span{}, fmt.Errorf("points is %d: give a number from 2 to %d", wanted, maxPoints)
	}
	return telemetry.Span{From: start, To: end, Step: max(end.Sub(start)/time.Duration(wanted-1), time.Second)}, nil
}

// subject is what metrics are asked of, when the user may see it.
func (v *view) subject(id inventory.ID) (telemetry.Object, bool) {
	object := telemetry.Object{Cluster: id.Cluster, Namespace: id.Namespace, Name: id.Name}
	switch id.Kind {
	case "service":
		service := v.service(id.Namespace, id.Name)
		if service == nil {
			return object, false
		}
		object.Service = true
		for _, name := range service.Workloads {
			if w := v.workload(id.Namespace, "", name); w != nil {
				object.Pods = append(object.Pods, podPattern(w))
			}
		}
		return object, true
	case "pod":
		workload, pod := v.pod(id.Namespace, id.Name)
		if pod == nil {
			return object, false
		}
		object.Name, object.Pod, object.Pods = workload.Name, pod.Name, []string{telemetry.Literal(pod.Name)}
		return object, true
	}
	kind := id.Kind
	if kind == "istiomeshgateway" { // its Deployment has its name
		kind = "deployment"
	}
	w := v.workload(id.Namespace, kind, id.Name)
	if w == nil {
		return object, false
	}
	object.Pods = []string{podPattern(w)}
	return object, true
}

// podPattern matches the names that a workload gives its pods, also those of pods that are gone.
func podPattern(w *inventory.Workload) string {
	name := telemetry.Literal(w.Name)
	switch w.Kind {
	case "Deployment":
		return name + "-[a-z0-9]+-[a-z0-9]{5}"
	case "StatefulSet":
		return name + "-[0-9]+"
	case "Pod":
		return name
	default:
		return name + "-[a-z0-9]+"
	}
}

func describePoints(points []telemetry.Point) []model.Point {
	described := make([]model.Point, 0, len(points))
	for _, p := range points {
		value := p.Value
		described = append(described, model.Point{Time: stamp(p.Time), Value: &value})
	}
	return described
}
