package behaviour

import (
	"slices"
	"time"

	"github.com/meshmanager/smm/internal/health"
)

const (
	// slot is the time for which the worst verdict is kept, and slots how many there are.
	slot  = 5 * time.Minute
	slots = 12
)

// recent is how objects were in the last hour: for each slot the worst. The zero value is empty.
type recent struct {
	began []time.Time // oldest first
	worst []map[health.Object]health.Point
}

// add takes what was judged at a time, which is not before what was added last.
func (r *recent) add(at time.Time, reports Reports) {
	start := at.Truncate(slot)
	if len(r.began) == 0 || start.After(r.began[len(r.began)-1]) {
		r.began, r.worst = append(r.began, start), append(r.worst, map[health.Object]health.Point{})
	}
	for len(r.began) > 0 && at.Sub(r.began[0]) > slot*slots {
		r.began, r.worst = slices.Delete(r.began, 0, 1), slices.Delete(r.worst, 0, 1)
	}
	current := r.worst[len(r.worst)-1]
	for object, report := range reports {
		known, found := current[object]
		if !found || report.Verdict.Compare(known.Verdict) < 0 || report.Verdict == known.Verdict && report.Score < known.Score {
			current[object] = health.Point{At: start, Verdict: report.Verdict, Score: report.Score}
		}
	}
}

// of is one object, oldest first.
func (r *recent) of(object health.Object) []health.Point {
	points := make([]health.Point, 0, len(r.worst))
	for _, all := range r.worst {
		if point, found := all[object]; found {
			points = append(points, point)
		}
	}
	return points
}

// Recent implements graph.Judge.
func (w *Watch) Recent(cluster string, object health.Object) []health.Point {
	w.mu.Lock()
	defer w.mu.Unlock()
	if found := w.recent[cluster]; found != nil {
		return found.of(object)
	}
	return nil
}
