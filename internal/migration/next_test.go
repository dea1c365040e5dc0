package migration

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/istio"
)

func planes() (before, after istio.Revision) {
	return istio.Revision{Name: "cp-v130x", Namespace: "istio-system"}, istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}
}

func workload(name string, change func(*Workload)) Workload {
	w := Workload{Kind: "Deployment", Name: name, Settled: true, Pods: []Pod{{Name: name + "-1", InjectedBy: "cp-v130x"}}}
	change(&w)
	return w
}

func TestNext(t *testing.T) {
	before, after := planes()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const at = "2026-01-02T03:04:05Z"
	record := Record{Previous: before.Label(), To: after.Label(), At: at}

	there := func(w *Workload) { w.Pods[0].InjectedBy = after.Name }
	restarted := func(w *Workload) { w.RestartedFor, w.Settled, w.Waiting = at, false, "it is rolled out" }
	labelled := func(workloads ...Workload) State {
		return State{Namespace: "shop", Label: after.Label(), Selected: true, Record: record, Workloads: workloads}
	}
	untouched := State{Namespace: "shop", Label: before.Label(), Workloads: []Workload{workload("a", func(*Workload) {}), workload("b", func(*Workload) {})}}
	forward := Target{Plane: after, Label: after.Label()}

	type want struct {
		action  Action
		restart string
		moving  string
		reason  string
		record  Record
		left    int
	}
	for name, test := range map[string]struct {
		state  State
		target Target
		atOnce int
		want   want
	}{
		"the namespace is labelled first": {untouched, forward, 1, want{action: Relabel, record: record}},
		"then one workload is restarted":  {labelled(untouched.Workloads...), forward, 1, want{action: Restart, restart: "a"}},
		"or more at a time":               {labelled(untouched.Workloads...), forward, 2, want{action: Restart, restart: "a b"}},
		"the next waits for it": {
			labelled(workload("a", restarted), untouched.Workloads[1]), forward, 1, want{action: Wait, moving: "a"}},
		"but not for more than may move": {
			labelled(workload("a", restarted), untouched.Workloads[1]), forward, 2, want{action: Restart, restart: "b", moving: "a"}},
		"a new pod that is not ready yet": {
			labelled(workload("a", func(w *Workload) { there(w); restarted(w) }), untouched.Workloads[1]), forward, 1, want{action: Wait, moving: "a"}},
		"when it is healthy, the next": {
			labelled(workload("a", there), untouched.Workloads[1]), forward, 1, want{action: Restart, restart: "b"}},
		"a roll-out that was given up": {
			labelled(workload("a", func(w *Workload) { restarted(w); w.Failed = "it exceeded its deadline" }), untouched.Workloads[1]), forward, 2,
			want{action: Stop, reason: "Deployment a is not healthy: it exceeded its deadline"}},
		"new pods without the new proxy": {
			labelled(workload("a", func(w *Workload) { w.RestartedFor = at }), untouched.Workloads[1]), forward, 1,
			want{action: Stop, reason: "has one of cp-v130x"}},
		"new pods without any proxy": {
			labelled(workload("a", func(w *Workload) { w.RestartedFor, w.Pods[0].InjectedBy = at, "" })), forward, 1,
			want{action: Stop, reason: "pod a-1 has none"}},
		"a restart of an earlier migration does not count": {
			labelled(workload("a", func(w *Workload) { w.RestartedFor = "earlier" })), forward, 1, want{action: Restart, restart: "a"}},
		"everything is there": {labelled(workload("a", there), workload("b", there)), forward, 1, want{action: Done}},
		"the last old pods are waited for": {
			func() State {
				s := labelled(workload("a", there))
				s.Leaving = []Pod{{Name: "a-0", InjectedBy: before.Name}}
				return s
			}(), forward, 1, want{action: Wait}},
		"new pods that go are nobody's concern": {
			func() State {
				s := labelled(workload("a", there))
				s.Leaving = []Pod{{Name: "a-2", InjectedBy: after.Name}}
				return s
			}(), forward, 1, want{action: Done}},
		"a namespace that always was there is not written to": {
			State{Label: after.Label(), Selected: true, Workloads: []Workload{workload("a", there)}}, forward, 1, want{action: Done}},
		"somebody labelled it by hand": {
			State{Label: after.Label(), Selected: true, Workloads: untouched.Workloads}, forward, 1,
			want{action: Relabel, record: Record{Previous: "cp-v130x", To: after.Label(), At: at}}},
		"a workload without pods has nothing to move": {labelled(workload("a", func(w *Workload) { w.Pods = nil })), forward, 1, want{action: Done}},
		"pods that want no proxy": {
			labelled(workload("a", func(w *Workload) { w.Pods[0] = Pod{Name: "a-1", Exempt: true} })), forward, 1, want{action: Done}},
		"pods from before there was injection": {
			labelled(workload("a", func(w *Workload) { w.Pods[0].InjectedBy = "" })), forward, 1, want{action: Restart, restart: "a"}},
		"what cannot be restarted is left": {
			func() State {
				s := labelled(workload("a", func(w *Workload) { w.Fixed = "it is paused" }), workload("b", there))
				s.Loose = []Loose{{Pod{Name: "bare", InjectedBy: before.Name}, "no controller"}, {Pod{Name: "moved", InjectedBy: after.Name}, "no controller"}}
				return s
			}(), forward, 1, want{action: Done, left: 2}},
		"gateways refer to the new control plane before anything restarts": {
			func() State {
				s := labelled(untouched.Workloads...)
				s.Gateways = []Gateway{{"ingress", before}}
				return s
			}(), forward, 1, want{action: Repoint}},
		"a rollback labels the namespace as before, and remembers the same": {
			labelled(workload("a", there), untouched.Workloads[1]).unselected(), Target{Plane: before, Label: before.Label(), Back: true}, 1,
			want{action: Relabel, record: Record{Previous: before.Label(), To: before.Label(), At: at}}},
		"a rollback restarts only what had moved": {
			State{Label: before.Label(), Selected: true, Record: Record{Previous: before.Label(), To: before.Label(), At: at},
				Workloads: []Workload{workload("a", there), untouched.Workloads[1]}},
			Target{Plane: before, Label: before.Label(), Back: true}, 2, want{action: Restart, restart: "a"}},
	} {
		step := Next(test.state, test.target, test.atOnce, now)
		got := want{action: step.Action, restart: names(step.Restart), moving: names(step.Moving), record: step.Record, left: len(step.Left)}
		if strings.Contains(step.Reason, test.want.reason) {
			got.reason = test.want.reason
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(want{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s%s", name, diff, step.Reason)
		}
	}
}

// unselected is the state as a target other than that of its label sees it.
func (s State) unselected() State {
	s.Selected = false
	return s
}

func names(workloads []Workload) string {
	var all []string
	for _, w := range workloads {
		all = append(all, w.Name)
	}
	return strings.Join(all, " ")
}

// Whatever state a migration is killed in, steps lead to the end, restart each workload at most once, and never have
// more than the wanted number moving.
func FuzzMigrationEnds(f *testing.F) {
	f.Add(uint64(0), uint8(3), uint8(1))
	f.Add(uint64(0b1011_0110), uint8(7), uint8(2))
	f.Fuzz(func(t *testing.T, bits uint64, count, atOnce uint8) {
		before, after := planes()
		target := Target{Plane: after, Label: after.Label()}
		limit := int(atOnce%4) + 1
		s := State{Label: before.Label()}
		bit := func() bool { set := bits&1 == 1; bits >>= 1; return set }
		if bit() {
			s.Label, s.Selected, s.Record = after.Label(), true, Record{Previous: before.Label(), To: after.Label(), At: "before"}
		}
		for i := range int(count % 12) {
			s.Workloads = append(s.Workloads, workload(string(rune('a'+i)), func(w *Workload) {
				switch restarted := s.Selected && bit(); {
				case restarted && bit():
					w.RestartedFor, w.Pods[0].InjectedBy = "before", after.Name
				case restarted:
					w.RestartedFor, w.Settled = "before", false
				}
			}))
		}
		restarts := map[string]int{}
		for range 100 {
			step := Next(s, target, limit, time.Now())
			if moving := len(step.Moving) + len(step.Restart); step.Action == Restart && moving > limit {
				t.Fatalf("%d workloads move, want at most %d", moving, limit)
			}
			switch step.Action {
			case Relabel:
				s.Label, s.Selected, s.Record = step.Record.To, true, step.Record
			case Restart:
				for _, w := range step.Restart {
					restarts[w.Name]++
					i := int(w.Name[0] - 'a')
					s.Workloads[i].RestartedFor, s.Workloads[i].Settled = s.Record.At, false
				}
			case Wait: // one becomes healthy
				i := int(step.Moving[0].Name[0] - 'a')
				s.Workloads[i].Settled, s.Workloads[i].Pods[0].InjectedBy = true, after.Name
			case Done:
				for name, n := range restarts {
					if n > 1 {
						t.Errorf("workload %s was restarted %d times", name, n)
					}
				}
				if step.Moved != len(s.Workloads) || s.Label != after.Label() {
					t.Errorf("done with %d of %d workloads moved, label %s", step.Moved, len(s.Workloads), s.Label)
				}
				return
			default:
				t.Fatalf("%+v", step)
			}
		}
		t.Fatal("it does not end")
	})
}
