package behaviour

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/health"
)

func TestRecentKeepsTheWorstOfEachSlotForAnHour(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	cart, idle := health.Object{Namespace: "shop", Name: "cart"}, health.Object{Namespace: "shop", Name: "idle"}
	var r recent
	for minute := range 70 {
		reports := Reports{cart: {Verdict: health.Healthy, Score: 100}}
		if minute == 66 {
			reports[cart] = health.Report{Verdict: health.Critical, Score: 20}
		}
		if minute == 0 {
			reports[idle] = health.Report{Verdict: health.Warning, Score: 70}
		}
		r.add(start.Add(time.Duration(minute)*time.Minute), reports)
	}
	points := r.of(cart)
	if first := points[0].At; len(points) != slots || start.Add(69*time.Minute).Sub(first) > slot*slots {
		t.Errorf("%d slots from %s on", len(points), first)
	}
	want := health.Point{At: start.Add(65 * time.Minute), Verdict: health.Critical, Score: 20}
	if diff := cmp.Diff(want, points[len(points)-1]); diff != "" {
		t.Error(diff)
	}
	if old := r.of(idle); len(old) > 0 {
		t.Errorf("what is more than an hour old is still there: %v", old)
	}
}
