package validation

import (
	"maps"
	"slices"
	"sync"
)

// mesh holds the objects of all clusters, and remembers when each kind last changed.
type mesh struct {
	clusters map[string]*cluster
	names    []string // of the clusters, sorted
	clock    uint64   // counts changes

	cache   map[cacheKey]cacheEntry
	cacheMu sync.Mutex
}

type cluster struct {
	kinds map[Kind]*collection
	known map[Kind]bool // kinds of which an absent object is known not to exist
}

type collection struct {
	objects map[nameKey]*Object
	sorted  []*Object // by namespace and name; nil after a change
	changed uint64    // the mesh's clock at the last change
}

type nameKey struct{ namespace, name string }

func newMesh() *mesh {
	return &mesh{clusters: map[string]*cluster{}, cache: map[cacheKey]cacheEntry{}}
}

func (m *mesh) cluster(name string) *cluster {
	c := m.clusters[name]
	if c == nil {
		c = &cluster{kinds: map[Kind]*collection{}, known: map[Kind]bool{}}
		m.clusters[name] = c
		m.names = slices.Sorted(maps.Keys(m.clusters))
	}
	return c
}

func (m *mesh) collection(cluster string, kind Kind) *collection {
	c := m.cluster(cluster)
	if c.kinds[kind] == nil {
		c.kinds[kind] = &collection{objects: map[nameKey]*Object{}}
	}
	return c.kinds[kind]
}

// set stores an object, or removes it when object is nil.
func (m *mesh) set(id ID, object *Object) {
	m.clock++
	c := m.collection(id.Cluster, id.Kind)
	c.changed = m.clock
	c.sorted = nil
	if object == nil {
		delete(c.objects, nameKey{id.Namespace, id.Name})
		return
	}
	c.objects[nameKey{id.Namespace, id.Name}] = object
}

// know marks a kind of a cluster as completely listed. That is a change of what checks may conclude.
func (m *mesh) know(cluster string, kind Kind) {
	if !m.cluster(cluster).known[kind] {
		m.clock++
		m.cluster(cluster).known[kind] = true
		m.collection(cluster, kind).changed = m.clock
	}
}

func (m *mesh) get(id ID) *Object {
	c := m.clusters[id.Cluster]
	if c == nil || c.kinds[id.Kind] == nil {
		return nil
	}
	return c.kinds[id.Kind].objects[nameKey{id.Namespace, id.Name}]
}

// sort prepares the sorted lists, so that reading needs no lock.
func (m *mesh) sort() {
	for _, c := range m.clusters {
		for _, kind := range c.kinds {
			kind.sort()
		}
	}
}

func (c *collection) sort() {
	if c.sorted != nil || len(c.objects) == 0 {
		return
	}
	c.sorted = slices.Collect(maps.Values(c.objects))
	slices.SortFunc(c.sorted, func(a, b *Object) int { return compareIDs(a.ID, b.ID) })
}
