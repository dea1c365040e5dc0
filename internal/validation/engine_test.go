package validation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func object(kind Kind, name string, labels map[string]string) *Object {
	return &Object{ID: ID{Cluster: "c1", Kind: kind, Namespace: "shop", Name: name}, Labels: labels}
}

// counter counts the runs of checks, which run beside each other.
type counter struct {
	mu   sync.Mutex
	runs []string
}

// check makes one that finds objects with the label bad.
func (c *counter) check(check Check) Check {
	check.Severity, check.Message = Error, "bad"
	check.Run = func(v View, o *Object, report Report) {
		c.mu.Lock()
		c.runs = append(c.runs, check.ID+" "+o.Name)
		c.mu.Unlock()
		if o.Labels["bad"] != "" {
			report(At("spec", nil))
		}
	}
	return check
}

// take returns the runs since the last time, sorted.
func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.runs
	c.runs = nil
	slices.Sort(taken)
	return taken
}

// A change runs only the checks that read what has changed, and on the changed object alone where that is enough.
func TestChangesRunOnlyWhatReadsThem(t *testing.T) {
	var runs counter
	engine := NewEngine([]Check{
		runs.check(Check{ID: "alone", Subjects: []Kind{VirtualService}}),
		runs.check(Check{ID: "with-services", Subjects: []Kind{VirtualService}, Reads: []Kind{Service}}),
		runs.check(Check{ID: "pods", Subjects: []Kind{Pod}}),
	}, nil)
	engine.Apply(Change{Set: []*Object{object(VirtualService, "a", nil), object(VirtualService, "b", nil), object(Pod, "p", nil)}})
	for _, test := range []struct {
		name   string
		change Change
		want   []string
	}{
		{"one VirtualService", Change{Set: []*Object{object(VirtualService, "a", nil)}}, []string{"alone a", "with-services a"}},
		{"a Service", Change{Set: []*Object{object(Service, "s", nil)}}, []string{"with-services a", "with-services b"}},
		{"a Pod is gone", Change{Delete: []ID{object(Pod, "p", nil).ID}}, nil},
		{"an unknown object is gone", Change{Delete: []ID{object(Service, "unknown", nil).ID}}, nil},
	} {
		runs.take()
		engine.Apply(test.change)
		if diff := cmp.Diff(test.want, runs.take()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// Checks that look across clusters run in all of them when one changes; others stay in their cluster.
func TestChangesAcrossClusters(t *testing.T) {
	for _, across := range []bool{false, true} {
		var runs counter
		engine := NewEngine([]Check{runs.check(Check{ID: "x", Subjects: []Kind{Pod}, Reads: []Kind{Service}, Across: across})}, nil)
		other := object(Pod, "other", nil)
		other.Cluster = "c2"
		engine.Apply(Change{Set: []*Object{object(Pod, "here", nil), other}})
		runs.take()
		engine.Apply(Change{Set: []*Object{object(Service, "s", nil)}})
		if ran := runs.take(); len(ran) != map[bool]int{false: 1, true: 2}[across] {
			t.Errorf("across %t: ran %v", across, ran)
		}
	}
}

// Findings are those of a fresh engine after any sequence of changes.
func TestIncrementalEqualsFresh(t *testing.T) {
	pairs := Check{
		ID: "pair", Severity: Error, Message: "pair", Subjects: []Kind{Pod}, Reads: []Kind{Pod},
		Run: func(v View, o *Object, report Report) {
			for _, other := range v.In(Pod, o.Namespace) {
				if other != o && other.Labels["app"] == o.Labels["app"] {
					report(At("labels", map[string]string{"other": other.Name}))
				}
			}
		},
	}
	engine := NewEngine([]Check{pairs}, nil)
	state := map[ID]*Object{}
	for i := range 300 {
		o := object(Pod, fmt.Sprint("p", i%17), map[string]string{"app": fmt.Sprint(i * i % 7)})
		if i%5 == 0 {
			delete(state, o.ID)
			engine.Apply(Change{Delete: []ID{o.ID}})
		} else {
			state[o.ID] = o
			engine.Apply(Change{Set: []*Object{o}})
		}
		fresh := NewEngine([]Check{pairs}, nil)
		for _, o := range state {
			fresh.Apply(Change{Set: []*Object{o}})
		}
		if diff := cmp.Diff(fresh.Findings(), engine.Findings()); diff != "" {
			t.Fatalf("after %d changes: %s", i+1, diff)
		}
	}
}

// A subscriber gets all findings first, then what changes, and ends with its context.
func TestSubscribe(t *testing.T) {
	var runs counter
	engine := NewEngine([]Check{runs.check(Check{ID: "x/y", Subjects: []Kind{Pod}})}, nil)
	bad := map[string]string{"bad": "yes"}
	engine.Apply(Change{Set: []*Object{object(Pod, "a", bad)}})
	ctx, cancel := context.WithCancel(t.Context())
	updates := engine.Subscribe(ctx)
	next := func() Update {
		select {
		case update := <-updates:
			return update
		case <-time.After(10 * time.Second):
			t.Fatal("no update")
			return Update{}
		}
	}
	if first := next(); len(first.Added) != 1 || first.Added[0].Subject.Name != "a" {
		t.Errorf("first update: %+v", first)
	}
	engine.Apply(Change{Set: []*Object{object(Pod, "b", bad), object(Pod, "a", nil)}})
	if second := next(); len(second.Added) != 1 || len(second.Removed) != 1 || second.Removed[0].Subject.Name != "a" {
		t.Errorf("second update: %+v", second)
	}
	cancel()
	for range updates { // until it is closed
	}
}

// A user's annotation accepts a finding by the check's ID, its last part, or all.
func TestSuppress(t *testing.T) {
	for annotation, want := range map[string]int{"": 1, "x/y": 0, "y": 0, "*": 0, "other, x/y": 0, "x": 1} {
		var runs counter
		engine := NewEngine([]Check{runs.check(Check{ID: "x/y", Subjects: []Kind{Pod}})}, nil)
		o := object(Pod, "a", map[string]string{"bad": "yes"})
		o.Annotations = map[string]string{suppressAnnotation: annotation}
		engine.Apply(Change{Set: []*Object{o}})
		if got := len(engine.Findings()); got != want {
			t.Errorf("annotation %q: %d findings, want %d", annotation, got, want)
		}
	}
}

// A trial tells what an object would bring, to itself and to others, and leaves everything as it is.
func TestTry(t *testing.T) {
	var runs counter
	alone := Check{
		ID: "alone", Severity: Warning, Message: "alone", Subjects: []Kind{Pod}, Reads: []Kind{Service},
		Run: func(v View, o *Object, report Report) {
			count := Derived(v, "services", []Kind{Service}, func(v View) int { return len(v.Objects(Service)) })
			if count > 0 {
				report(At("services", map[string]string{"count": fmt.Sprint(count)}))
			}
		},
	}
	engine := NewEngine([]Check{runs.check(Check{ID: "x/y", Subjects: []Kind{Service}}), alone}, nil)
	bad := map[string]string{"bad": "yes"}
	engine.Apply(Change{Set: []*Object{object(Service, "a", bad), object(Pod, "p", nil)}})
	before := engine.Findings()
	for _, test := range []struct {
		name string
		o    *Object
		want []string
	}{
		{"a bad one", object(Service, "b", bad), []string{"x/y b", "alone p"}},
		{"a good one", object(Service, "b", nil), []string{"alone p"}},
		{"the same again", object(Service, "a", bad), []string{"x/y a"}},
		{"one that is mended", object(Service, "a", nil), nil},
		{"an unknown kind", object(Gateway, "g", nil), nil},
	} {
		found, err := engine.Try(t.Context(), test.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Check+" "+f.Subject.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if diff := cmp.Diff(before, engine.Findings()); diff != "" {
			t.Fatalf("%s changed the findings: %s", test.name, diff)
		}
	}
	// What is derived from the trial's objects must not be taken for true afterwards.
	engine.Apply(Change{Set: []*Object{object(Service, "c", nil)}})
	if diff := cmp.Diff("2", engine.FindingsOf(object(Pod, "p", nil).ID)[0].Context["count"]); diff != "" {
		t.Error(diff)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Try(ended, object(Service, "b", bad)); err == nil {
		t.Error("a trial goes on after its context ended")
	}
}
