package validation

import (
	"context"
	"maps"
	"slices"
)

// Try returns the findings that an object would have if it were so, and those that others would get because of it.
// Nothing of it is kept. When ctx ends, Try returns what it found until then, with ctx's error.
func (e *Engine) Try(ctx context.Context, o *Object) ([]Finding, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	trial := &Engine{checks: e.checks, revision: e.revision, mesh: e.mesh.fork(o.ID), results: maps.Clone(e.results)}
	before, after, err := trial.change(ctx, Change{Set: []*Object{o}})
	theirs := func(f Finding) bool { return f.Subject != o.ID }
	own := slices.DeleteFunc(slices.Clone(after), theirs)
	brought := subtract(trial.finish(slices.DeleteFunc(after, func(f Finding) bool { return !theirs(f) })), e.finish(before))
	return append(trial.finish(own), brought...), err
}

// Has tells whether an object is known.
func (e *Engine) Has(id ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mesh.get(id) != nil
}

// fork returns a copy of the mesh in which one object can be set. What it does not change is shared.
func (m *mesh) fork(id ID) *mesh {
	m.cacheMu.Lock()
	defer m.cacheMu.Unlock()
	forked := &mesh{clusters: maps.Clone(m.clusters), names: m.names, clock: m.clock, cache: maps.Clone(m.cache)}
	original := m.clusters[id.Cluster]
	if original == nil {
		return forked
	}
	changed := &cluster{kinds: maps.Clone(original.kinds), known: original.known}
	if c := original.kinds[id.Kind]; c != nil {
		changed.kinds[id.Kind] = &collection{objects: maps.Clone(c.objects), sorted: c.sorted, changed: c.changed}
	}
	forked.clusters[id.Cluster] = changed
	return forked
}
