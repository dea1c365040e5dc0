package validation

import (
	"context"
	"slices"
	"sync"
)

// Engine keeps the findings of a mesh up to date with its objects. It is safe for use by many goroutines.
type Engine struct {
	checks   []Check
	revision func(View, *Object) string

	mu      sync.Mutex
	mesh    *mesh
	results map[runKey][]Finding // what each run of a check found; runs that found nothing are not in it
	watch   subscribers
}

// runKey is one check on one subject.
type runKey struct {
	check   int
	subject ID
}

// NewEngine returns an engine without objects. revision names the control plane that reads an object, or returns "".
func NewEngine(checks []Check, revision func(View, *Object) string) *Engine {
	return &Engine{checks: checks, revision: revision, mesh: newMesh(), results: map[runKey][]Finding{}}
}

// Change is a new state of objects.
type Change struct {
	// Set holds new objects and new states of known ones.
	Set []*Object
	// Delete holds objects that are gone.
	Delete []ID
	// Know lists the kinds of clusters of which everything is told by now: see View.Knows.
	Know map[string][]Kind
}

// Apply takes in a change, runs the checks that read what has changed, and tells subscribers what is different.
func (e *Engine) Apply(change Change) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before, after, _ := e.change(context.Background(), change) // an end of the context is the only error
	e.publish(before, after)
}

// change takes in a change and returns what the checks that read it had found before and find now. The caller holds the
// lock.
func (e *Engine) change(ctx context.Context, change Change) (before, after []Finding, err error) {
	touched := e.store(change)
	e.mesh.sort()
	return e.run(ctx, e.plan(touched))
}

// touched is what a change affects: objects by kind, and kinds of clusters.
type touched struct {
	objects map[Kind][]ID
	kinds   map[kindOf]bool
}

type kindOf struct {
	cluster string
	kind    Kind
}

func (e *Engine) store(change Change) touched {
	t := touched{objects: map[Kind][]ID{}, kinds: map[kindOf]bool{}}
	seen := make(map[ID]bool, len(change.Set))
	add := func(id ID) {
		if !seen[id] {
			seen[id] = true
			t.objects[id.Kind] = append(t.objects[id.Kind], id)
			t.kinds[kindOf{id.Cluster, id.Kind}] = true
		}
	}
	for _, o := range change.Set {
		e.mesh.set(o.ID, o)
		add(o.ID)
	}
	for _, id := range change.Delete {
		if e.mesh.get(id) != nil {
			e.mesh.set(id, nil)
			add(id)
		}
	}
	for cluster, kinds := range change.Know {
		for _, kind := range kinds {
			e.mesh.know(cluster, kind)
			t.kinds[kindOf{cluster, kind}] = true
		}
	}
	return t
}

// plan lists the runs that a change makes necessary, check by check.
func (e *Engine) plan(t touched) []runKey {
	var runs []runKey
	for i := range e.checks {
		check := &e.checks[i]
		affected := e.affected(check, t)
		for _, kind := range check.Subjects {
			for _, id := range t.objects[kind] {
				if !slices.Contains(affected, id.Cluster) || e.mesh.get(id) == nil {
					runs = append(runs, runKey{i, id})
				}
			}
		}
		for _, cluster := range affected {
			for _, kind := range check.Subjects {
				for _, o := range (View{e.mesh, cluster}).Objects(kind) {
					runs = append(runs, runKey{i, o.ID})
				}
			}
		}
	}
	return runs
}

// affected lists the clusters in which a check must look at all its subjects again.
func (e *Engine) affected(check *Check, t touched) []string {
	var clusters []string
	for _, name := range e.mesh.names {
		if slices.ContainsFunc(check.Reads, func(kind Kind) bool { return t.kinds[kindOf{name, kind}] }) {
			if check.Across {
				return e.mesh.names
			}
			clusters = append(clusters, name)
		}
	}
	return clusters
}

// Findings returns all findings, by object. Two checks that say the same of the same place count once.
func (e *Engine) Findings() []Finding {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.all()
}

// FindingsOf returns the findings on one object.
func (e *Engine) FindingsOf(id ID) []Finding {
	return slices.DeleteFunc(e.Findings(), func(f Finding) bool { return f.Subject != id })
}

func (e *Engine) all() []Finding {
	var all []Finding
	for _, found := range e.results {
		all = append(all, found...)
	}
	return e.finish(all)
}

// finish sorts findings, drops doubles and names the control plane of each.
func (e *Engine) finish(findings []Finding) []Finding {
	slices.SortFunc(findings, compareFindings)
	findings = slices.CompactFunc(findings, equalFindings)
	for i := range findings {
		if o := e.mesh.get(findings[i].Subject); o != nil && e.revision != nil {
			findings[i].Revision = e.revision(View{e.mesh, o.Cluster}, o)
		}
	}
	return findings
}
