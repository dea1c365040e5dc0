package behaviour

import (
	"context"
	"slices"
	"time"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/telemetry"
)

const (
	// step is the time between two samples around the same time of day.
	step = 10 * time.Minute
	// dayStep is the same for the last day as a whole, which counts while there is no week.
	dayStep = 30 * time.Minute
	day     = 24 * time.Hour
)

// asked are the measures of each group, each of which is one question to the backend.
func asked() map[telemetry.Group][]telemetry.Measure {
	traffic := []telemetry.Measure{telemetry.Requests, telemetry.ErrorRate, telemetry.P50, telemetry.P95, telemetry.P99}
	return map[telemetry.Group][]telemetry.Measure{
		telemetry.Workloads: traffic, telemetry.Services: traffic,
		telemetry.Pods: {telemetry.CPU, telemetry.Memory, telemetry.CPUThrottled},
	}
}

// question is about all objects of a cluster at one time.
type question struct {
	mesh    *telemetry.Mesh
	cluster string
	at      time.Time
	owners  owners
}

// object is what a member of a group is; of pods, the workload that they belong to.
func (q question) object(group telemetry.Group, member telemetry.Member) health.Object {
	if group == telemetry.Pods {
		member.Name = q.owners.of(member.Namespace, member.Name)
	}
	return health.Object{Namespace: member.Namespace, Name: member.Name, Service: group == telemetry.Services}
}

// observed asks for the values at the time.
func (q question) observed(ctx context.Context) (map[health.Object]health.Observed, error) {
	found := map[health.Object]health.Observed{}
	for group, measures := range asked() {
		for _, measure := range measures {
			values, err := q.mesh.Each(ctx, q.cluster, group, measure, health.Window, q.at)
			if err != nil {
				return nil, err
			}
			means := map[health.Object]mean{}
			for member, value := range values {
				object := q.object(group, member)
				means[object] = means[object].with(value)
			}
			for object, m := range means {
				if found[object] == nil {
					found[object] = health.Observed{}
				}
				found[object][health.Measure(measure)] = m.value()
			}
		}
	}
	return found, nil
}

// expected asks for the past, one measure after the other, and keeps what is expected only.
func (q question) expected(ctx context.Context) (map[health.Object]health.Expected, error) {
	found := map[health.Object]health.Expected{}
	for group, measures := range asked() {
		for _, measure := range measures {
			past, err := q.past(ctx, group, measure)
			if err != nil {
				return nil, err
			}
			for object, series := range past {
				if found[object] == nil {
					found[object] = health.Expected{}
				}
				found[object][health.Measure(measure)] = health.Expect(health.Measure(measure), series, q.at)
			}
		}
	}
	return found, nil
}

// spans are the times that are compared with: the same time of each day of a week, and the last day.
func (q question) spans() []telemetry.Span {
	var spans []telemetry.Span
	for back := health.Days; back >= 1; back-- {
		center := q.at.Add(-time.Duration(back) * day)
		spans = append(spans, telemetry.Span{From: center.Add(-health.Reach), To: center.Add(health.Reach), Step: step})
	}
	return append(spans, telemetry.Span{From: q.at.Add(-day + health.Reach + dayStep), To: q.at, Step: dayStep})
}

// past asks for one measure at the times that are compared with. The oldest come first.
func (q question) past(ctx context.Context, group telemetry.Group, measure telemetry.Measure) (map[health.Object]health.Series, error) {
	all := map[health.Object]health.Series{}
	for _, span := range q.spans() {
		lines, err := q.mesh.EachOver(ctx, q.cluster, group, measure, health.Window, span)
		if err != nil {
			return nil, err
		}
		means := map[health.Object]map[time.Time]mean{}
		for member, points := range lines {
			object := q.object(group, member)
			if means[object] == nil {
				means[object] = make(map[time.Time]mean, len(points))
			}
			for _, point := range points {
				means[object][point.Time] = means[object][point.Time].with(point.Value)
			}
		}
		for object, times := range means {
			series := make(health.Series, 0, len(times))
			for at, m := range times {
				series = append(series, health.Sample{At: at, Value: m.value()})
			}
			slices.SortFunc(series, func(a, b health.Sample) int { return a.At.Compare(b.At) })
			all[object] = append(all[object], series...)
		}
	}
	return all, nil
}

// mean is that of the pods of a workload: a second version beside the first, during a rollout, is nothing unusual.
type mean struct {
	sum   float64
	count int
}

func (m mean) with(value float64) mean { return mean{m.sum + value, m.count + 1} }

func (m mean) value() float64 { return m.sum / float64(m.count) }
