package validation

import "sync"

// cacheKey names a derived value of one cluster, or of the mesh when cluster is empty.
type cacheKey struct{ cluster, name string }

type cacheEntry struct {
	stamp uint64
	value func() any // built by who asks first; others wait for it
}

// Derived returns a value that build makes from the cluster's objects of some kinds. It is kept until one of these
// kinds changes. The name must be unique to the build function.
func Derived[T any](v View, name string, reads []Kind, build func(View) T) T {
	return derived(v, cacheKey{v.Cluster, name}, v.mesh.stamp([]string{v.Cluster}, reads), build)
}

// DerivedAcross is Derived for values that are made from the objects of all clusters.
func DerivedAcross[T any](v View, name string, reads []Kind, build func(View) T) T {
	return derived(v, cacheKey{"", name}, v.mesh.stamp(v.mesh.names, reads), build)
}

func derived[T any](v View, key cacheKey, stamp uint64, build func(View) T) T {
	v.mesh.cacheMu.Lock()
	entry, found := v.mesh.cache[key]
	if !found || entry.stamp != stamp {
		entry = cacheEntry{stamp, sync.OnceValue(func() any { return build(v) })}
		v.mesh.cache[key] = entry
	}
	v.mesh.cacheMu.Unlock()
	return entry.value().(T) // outside the lock: building may use other derived values
}

// stamp is the time of the last change of some kinds in some clusters.
func (m *mesh) stamp(clusters []string, kinds []Kind) uint64 {
	var latest uint64
	for _, name := range clusters {
		c := m.clusters[name]
		if c == nil {
			continue
		}
		for _, kind := range kinds {
			if collection := c.kinds[kind]; collection != nil {
				latest = max(latest, collection.changed)
			}
		}
	}
	return latest
}
