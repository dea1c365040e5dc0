// Package stats counts what the stand-in does, under the names that Envoy has for it.
package stats

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// Name is the name of a statistic: "scope.element.name", or "scope.name" without an element. Prometheus gets the
// element as a label.
type Name struct{ Scope, Element, Name string }

// String is the name as Envoy's /stats shows it.
func (n Name) String() string {
	if n.Element == "" {
		return n.Scope + "." + n.Name
	}
	return n.Scope + "." + n.Element + "." + n.Name
}

// Value is one statistic. It can be changed by several goroutines at once.
type Value struct {
	atomic.Int64

	gauge bool
}

// Registry holds all statistics of the program.
type Registry struct {
	mu     sync.Mutex
	values map[Name]*Value
}

// NewRegistry returns an empty one.
func NewRegistry() *Registry { return &Registry{values: map[Name]*Value{}} }

// Counter is a number that only grows. It is there from the first time that it is asked for.
func (r *Registry) Counter(scope, element, name string) *Value {
	return r.value(Name{scope, element, name}, false)
}

// Gauge is a number that goes up and down.
func (r *Registry) Gauge(scope, element, name string) *Value {
	return r.value(Name{scope, element, name}, true)
}

func (r *Registry) value(name Name, gauge bool) *Value {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.values[name]
	if v == nil {
		v = &Value{gauge: gauge}
		r.values[name] = v
	}
	return v
}

// sample is a statistic at one moment.
type sample struct {
	Name
	gauge bool
	value int64
}

// samples returns all statistics, those of one name in one scope next to each other.
func (r *Registry) samples() []sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]sample, 0, len(r.values))
	for name, v := range r.values {
		all = append(all, sample{name, v.gauge, v.Load()})
	}
	slices.SortFunc(all, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name.Name, b.Name.Name), cmp.Compare(a.Element, b.Element))
	})
	return all
}
