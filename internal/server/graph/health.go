package graph

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Judge tells how objects behave.
type Judge interface {
	// Reports are about the workloads and services of a cluster; the error tells that nothing is known of them.
	Reports(ctx context.Context, cluster string, at time.Time) (map[health.Object]health.Report, error)
	// History is about one object, oldest first.
	History(ctx context.Context, cluster string, object health.Object, from, to time.Time, points int) ([]health.Point, error)
	// Recent is about one object in the last hour, as far as it was judged, oldest first.
	Recent(cluster string, object health.Object) []health.Point
}

const (
	// leastSeconds is the least time between two messages of a subscription.
	leastSeconds = 2
	// maxHistory bounds the points of a history.
	maxHistory = 500
)

// Health lists the health of the workloads and services of the mesh that the user may see, worst first.
func (q query) Health(ctx context.Context, filter *model.Filter, at *string) ([]model.Health, error) {
	when, err := timeOf("at", at, time.Now())
	if err != nil {
		return nil, err
	}
	return q.health(ctx, filter, when)
}

// Health follows the health of the workloads and services of the mesh that the user may see.
func (s subscription) Health(ctx context.Context, filter *model.Filter, seconds *int) (<-chan []model.Health, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	interval := leastSeconds
	if seconds != nil {
		interval = max(*seconds, leastSeconds)
	}
	out := make(chan []model.Health)
	go func() {
		defer close(out)
		ticker := time.NewTicker(time.Duration(interval) * time.Second)
		defer ticker.Stop()
		var told []model.Health
		for {
			now, err := s.health(ctx, filter, time.Now())
			switch {
			case err != nil:
				s.Log.DebugContext(ctx, "health is not told", "error", err)
			case told == nil || !reflect.DeepEqual(now, told):
				told = now
				select {
				case out <- now:
				case <-ctx.Done():
					return
				}
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

// HealthHistory tells the health of one object over time.
func (q query) HealthHistory(ctx context.Context, id, from, to string, points *int) ([]model.HealthPoint, error) {
	history := []model.HealthPoint{}
	start, err := timeOf("from", &from, time.Time{})
	if err != nil {
		return nil, err
	}
	end, err := timeOf("to", &to, time.Time{})
	if err != nil {
		return nil, err
	}
	count := 60
	if points != nil {
		count = *points
	}
	if count < 1 || count > maxHistory || !start.Before(end) {
		return nil, fmt.Errorf("give a time from that is before to, and 1 to %d points", maxHistory)
	}
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return nil, err
	}
	v, err := q.viewOf(ctx, parsed)
	if err != nil || v == nil || q.Judge == nil {
		return history, err
	}
	object := health.Object{Namespace: parsed.Namespace, Name: parsed.Name, Service: parsed.Kind == "service"}
	if !v.mayBeJudged(object, parsed.Kind) {
		return history, nil
	}
	found, err := q.Judge.History(ctx, v.cluster.Name, object, start, end, count)
	if err != nil {
		return nil, err
	}
	return describeHistory(found), nil
}

func describeHistory(points []health.Point) []model.HealthPoint {
	described := make([]model.HealthPoint, 0, len(points))
	for _, point := range points {
		described = append(described, model.HealthPoint{Time: stamp(point.At), Verdict: model.Verdict(point.Verdict), Score: scoreOf(point.Score)})
	}
	return described
}

// mayBeJudged tells whether an object is there and the user may see it.
func (v *view) mayBeJudged(object health.Object, kind string) bool {
	if object.Service {
		return v.service(object.Namespace, object.Name) != nil
	}
	if kind == "istiomeshgateway" { // its Deployment has its name
		kind = "deployment"
	}
	return v.workload(object.Namespace, kind, object.Name) != nil
}

// Health is that of one service.
func (s service) Health(ctx context.Context, of *model.Service) (*model.Health, error) {
	return s.healthOf(ctx, of.Cluster, of.ID, "Service", health.Object{Namespace: of.Namespace, Name: of.Name, Service: true})
}

// Health is that of one workload.
func (w workload) Health(ctx context.Context, of *model.Workload) (*model.Health, error) {
	return w.healthOf(ctx, of.Cluster, of.ID, of.Kind, health.Object{Namespace: of.Namespace, Name: of.Name})
}

// Health is that of a gateway's workload, when the user may see it.
func (g gateway) Health(ctx context.Context, of *model.Gateway) (*model.Health, error) {
	v, err := g.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil || !v.pods[of.Namespace] {
		return nil, err
	}
	return g.healthOf(ctx, of.Cluster, of.ID, "IstioMeshGateway", health.Object{Namespace: of.Namespace, Name: of.Name})
}

func (r *Resolver) healthOf(ctx context.Context, cluster, id, kind string, object health.Object) (*model.Health, error) {
	report, known := r.reports(ctx, cluster, time.Now())[object]
	if !known {
		return nil, nil
	}
	described := describeHealth(id, cluster, kind, object, report)
	described.Recent = describeHistory(r.Judge.Recent(cluster, object))
	return &described, nil
}

// reports are empty while nothing is known: the objects are there all the same.
func (r *Resolver) reports(ctx context.Context, cluster string, at time.Time) map[health.Object]health.Report {
	if r.Judge == nil {
		return nil
	}
	reports, err := r.Judge.Reports(ctx, cluster, at)
	if err != nil {
		r.Log.DebugContext(ctx, "health is not known", "cluster", cluster, "error", err)
	}
	return reports
}

func (r *Resolver) health(ctx context.Context, filter *model.Filter, at time.Time) ([]model.Health, error) {
	views, err := r.views(ctx, filter)
	if err != nil {
		return nil, err
	}
	all := []model.Health{}
	if r.Judge == nil { // nobody judges here
		return all, nil
	}
	for _, v := range views {
		reports := r.reports(ctx, v.cluster.Name, at)
		add := func(id, kind string, object health.Object, inMesh bool) {
			report, known := reports[object]
			if !known {
				report = health.Report{Verdict: health.NoData, Score: health.NoScore}
			}
			if (inMesh || known) && passes(filter, object.Namespace, object.Name, &inMesh) {
				described := describeHealth(id, v.cluster.Name, kind, object, report)
				if r.Judge != nil {
					described.Recent = describeHistory(r.Judge.Recent(v.cluster.Name, object))
				}
				all = append(all, described)
			}
		}
		for i := range v.inventory.Services {
			if s := &v.inventory.Services[i]; v.services[s.Namespace] {
				add(serviceID(v.cluster.Name, s.Namespace, s.Name), "Service", health.Object{Namespace: s.Namespace, Name: s.Name, Service: true}, s.InMesh)
			}
		}
		for i := range v.inventory.Workloads {
			if w := &v.inventory.Workloads[i]; v.pods[w.Namespace] {
				add(workloadID(v.cluster.Name, w), w.Kind, health.Object{Namespace: w.Namespace, Name: w.Name}, w.InMesh)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b model.Health) int {
		return cmp.Or(health.Verdict(a.Verdict).Compare(health.Verdict(b.Verdict)), cmp.Compare(orNone(a.Score), orNone(b.Score)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func orNone(score *int) int {
	if score == nil {
		return health.NoScore
	}
	return *score
}

func describeHealth(id, cluster, kind string, object health.Object, report health.Report) model.Health {
	described := model.Health{
		ID: id, Cluster: cluster, Namespace: object.Namespace, Name: object.Name, Kind: kind,
		Verdict: model.Verdict(report.Verdict), Score: scoreOf(report.Score), Measures: []model.HealthMeasure{}, Recent: []model.HealthPoint{},
	}
	for _, j := range report.Measures {
		described.Measures = append(described.Measures, model.HealthMeasure{
			Measure: model.Measure(j.Measure), Verdict: model.Verdict(j.Verdict), Score: scoreOf(j.Score),
			Observed: number(j.Observed), Low: number(j.Low), High: number(j.High), Unit: j.Measure.Unit(), Explanation: j.Explanation,
		})
	}
	return described
}

func scoreOf(score int) *int {
	if score == health.NoScore {
		return nil
	}
	return &score
}

// number is null for what is no number.
func number(value float64) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return &value
}

// timeOf reads a time that a user gives.
func timeOf(name string, text *string, otherwise time.Time) (time.Time, error) {
	if text == nil {
		return otherwise, nil
	}
	parsed, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %q: give a time such as 2026-11-27T12:00:00Z", name, *text)
	}
	return parsed, nil
}
