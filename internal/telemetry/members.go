package telemetry

import (
	"maps"
	"slices"
)

// member is what is known of the metrics of a cluster that came later: its backend, or why there is none.
type member struct {
	backend *Backend
	lack    string
}

// Add gives a cluster a backend of its own, in the place of the one that it had.
func (m *Mesh) Add(b *Backend) { m.put(b.Cluster, member{backend: b}) }

// Lack notes why a cluster has no backend.
func (m *Mesh) Lack(cluster, why string) { m.put(cluster, member{lack: why}) }

// Forget forgets a cluster that came later.
func (m *Mesh) Forget(cluster string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.members, cluster)
}

func (m *Mesh) put(cluster string, one member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.members == nil {
		m.members = map[string]member{}
	}
	m.members[cluster] = one
}

// All are the backends of the moment.
func (m *Mesh) All() []*Backend {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.Backends)
	for _, cluster := range slices.Sorted(maps.Keys(m.members)) {
		if b := m.members[cluster].backend; b != nil {
			all = append(all, b)
		}
	}
	return all
}

// lacking are the clusters whose metrics no backend has.
func (m *Mesh) lacking() []Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	var problems []Problem
	for _, cluster := range slices.Sorted(maps.Keys(m.members)) {
		if one := m.members[cluster]; one.backend == nil {
			problems = append(problems, Problem{cluster, one.lack})
		}
	}
	return problems
}

// Has tells whether a backend has the metrics of a cluster.
func (m *Mesh) Has(cluster string) bool { return m.backendOf(cluster) != nil }
