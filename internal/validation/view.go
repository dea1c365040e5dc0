package validation

import "slices"

// View is the mesh as a check sees it from the cluster of its subject.
type View struct {
	mesh    *mesh
	Cluster string
}

// Objects returns the cluster's objects of a kind, by namespace and name. The caller must not change the slice.
func (v View) Objects(kind Kind) []*Object {
	c := v.mesh.clusters[v.Cluster]
	if c == nil || c.kinds[kind] == nil {
		return nil
	}
	return c.kinds[kind].sorted
}

// Get returns an object of the cluster, or nil.
func (v View) Get(kind Kind, namespace, name string) *Object {
	return v.mesh.get(ID{Cluster: v.Cluster, Kind: kind, Namespace: namespace, Name: name})
}

// In returns the cluster's objects of a kind in one namespace.
func (v View) In(kind Kind, namespace string) []*Object {
	all := v.Objects(kind)
	position := func(namespace string) int {
		i, _ := slices.BinarySearchFunc(all, namespace, func(o *Object, namespace string) int {
			return compareIDs(ID{Kind: kind, Namespace: o.Namespace}, ID{Kind: kind, Namespace: namespace})
		})
		return i
	}
	return all[position(namespace):position(namespace+"\x00")]
}

// Knows tells whether everything of a kind is known, so that an object that is not here does not exist. Files that
// hold nothing of a kind prove nothing about it.
func (v View) Knows(kind Kind) bool {
	c := v.mesh.clusters[v.Cluster]
	return c != nil && (c.known[kind] || c.kinds[kind] != nil && len(c.kinds[kind].objects) > 0)
}

// KnowsAny tells whether everything of at least one of the kinds is known.
func (v View) KnowsAny(kinds ...Kind) bool { return slices.ContainsFunc(kinds, v.Knows) }

// Live tells whether the cluster was read itself, and not only files.
func (v View) Live() bool {
	c := v.mesh.clusters[v.Cluster]
	return c != nil && c.known[Pod]
}

// Clusters returns the names of all clusters of the mesh, sorted.
func (v View) Clusters() []string { return v.mesh.names }

// At returns the view from another cluster.
func (v View) At(cluster string) View { return View{mesh: v.mesh, Cluster: cluster} }
