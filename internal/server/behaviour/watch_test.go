package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/behaviour"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

const day = 24 * time.Hour

// shop is a Prometheus that knows nine days of a shop. In the last minutes, a quarter of the calls of cart fail, and nobody
// calls idle any more, which was called until then.
func shop(t *testing.T, now time.Time) (*telemetrytest.Prometheus, *behaviour.Watch) {
	t.Helper()
	p := telemetrytest.Start(t)
	began, broke := now.Add(-9*day), now.Add(-6*time.Minute)
	call := func(to, code string, perSecond float64, from, until time.Time) {
		c := telemetrytest.Call{Reporter: "destination", FromName: "front", ToName: to, ToCluster: "c1", FromCluster: "c1", Code: code}
		p.Calls(c, perSecond, from, until, time.Minute)
		p.Durations(c, perSecond, []float64{10, 20, 50}, 10, from, until, time.Minute)
	}
	call("cart", "200", 3, began, now)
	call("cart", "503", 1, broke, now)
	call("idle", "200", 2, began, broke.Add(-5*time.Minute))
	call("new", "200", 5, now.Add(-2*time.Hour), now)
	for i := range 2 { // the pods of a version before had another name
		pod := fmt.Sprintf(`{namespace="shop", pod="cart-7d4b9c%d-abcde", container="cart"}`, i)
		from, to := began, now.Add(-3*day)
		if i == 1 {
			from, to = to, now
		}
		p.Counter("container_cpu_usage_seconds_total"+pod, 0.2, from, to, time.Minute)
		for at := from; !at.After(to); at = at.Add(time.Minute) {
			p.Append("container_memory_working_set_bytes"+pod, at, 1<<30)
		}
	}
	backend, err := telemetry.NewBackend("c1", telemetry.Settings{URL: p.URL}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	found := &inventory.Inventory{Workloads: []inventory.Workload{
		{Namespace: "shop", Kind: "Deployment", Name: "cart", Pods: []inventory.Pod{{Name: "cart-7d4b9c1-abcde"}}},
	}}
	clusters := []behaviour.Cluster{{Name: "c1", Inventory: func(context.Context) (*inventory.Inventory, error) { return found, nil }}}
	return p, behaviour.New(&telemetry.Mesh{Backends: []*telemetry.Backend{backend}}, clusters, slog.New(slog.DiscardHandler))
}

// now is in the past for the clock of this machine, so that it is judged like any past time.
func now() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Minute) }

func TestReports(t *testing.T) {
	at := now()
	p, watch := shop(t, at)
	reports, err := watch.Reports(t.Context(), "c1", at)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for object, report := range reports {
		name := object.Name
		if object.Service {
			name += " service"
		}
		got[name] = string(report.Verdict)
		if len(report.Measures) > 0 && report.Verdict != health.NotEnoughHistory {
			got[name] += " " + string(report.Measures[0].Measure)
		}
	}
	want := map[string]string{
		"cart": "CRITICAL ERROR_RATE", "cart service": "CRITICAL ERROR_RATE", "idle": "CRITICAL REQUESTS", "idle service": "CRITICAL REQUESTS",
		"new": "NOT_ENOUGH_HISTORY", "new service": "NOT_ENOUGH_HISTORY",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	asked := p.Asked.Load()
	if asked > 13*9 {
		t.Errorf("%d questions", asked)
	}
	if _, err := watch.Reports(t.Context(), "c1", at); err != nil || p.Asked.Load() != asked {
		t.Errorf("asked again: error %v, %d questions", err, p.Asked.Load()-asked)
	}
	before, err := watch.Reports(t.Context(), "c1", at.Add(-time.Hour))
	cart := before[health.Object{Namespace: "shop", Name: "cart"}]
	if err != nil || cart.Verdict != health.Healthy || len(cart.Measures) != 7 {
		t.Errorf("an hour before: error %v, %+v", err, cart)
	}
}

func TestHistory(t *testing.T) {
	at := now()
	_, watch := shop(t, at)
	history, err := watch.History(t.Context(), "c1", health.Object{Namespace: "shop", Name: "cart"}, at.Add(-3*time.Hour), at, 4)
	if err != nil {
		t.Fatal(err)
	}
	var got []health.Verdict
	for _, point := range history {
		got = append(got, point.Verdict)
	}
	if diff := cmp.Diff([]health.Verdict{health.Healthy, health.Healthy, health.Healthy, health.Critical}, got); diff != "" {
		t.Errorf("%s\n%+v", diff, history)
	}
}

// Nothing is known without a backend, or while it is away: that is no traffic of zero.
func TestWithoutMetrics(t *testing.T) {
	away, err := telemetry.NewBackend("c1", telemetry.Settings{URL: "http://127.0.0.1:1", Timeout: time.Second}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		mesh *telemetry.Mesh
		want error
	}{
		"none": {&telemetry.Mesh{}, telemetry.ErrNoBackend},
		"away": {&telemetry.Mesh{Backends: []*telemetry.Backend{away}}, telemetry.ErrUnavailable},
	} {
		watch := behaviour.New(c.mesh, []behaviour.Cluster{{Name: "c1"}}, slog.New(slog.DiscardHandler))
		if reports, err := watch.Reports(t.Context(), "c1", now()); !errors.Is(err, c.want) || len(reports) > 0 {
			t.Errorf("%s: error %v, reports %v", name, err, reports)
		}
	}
}
