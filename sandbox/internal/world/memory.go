//go:build linux

package world

import (
	"cmp"
	"path/filepath"
	"slices"
)

// process is what memory accounting needs to know of a process.
type process struct {
	pid, parent int
	// args is the command line.
	args []string
	// bytes is the proportional set size: shared pages count in parts.
	bytes uint64
}

// Part is one part of the sandbox with the memory of its processes.
type Part struct {
	// Cluster is empty for what serves all clusters.
	Cluster string `json:"cluster,omitempty"`
	// Name is supervisor, control-plane, node, or the program that pods run.
	Name string `json:"name"`
	// Processes is how many there are.
	Processes int `json:"processes"`
	// Bytes is their proportional set size.
	Bytes uint64 `json:"bytes"`
}

// Names of parts that are no pods.
const (
	PartSupervisor   = "supervisor"
	PartControlPlane = "control-plane"
	PartNode         = "node"
)

// ClusterCommand is the program's command that becomes a cluster's first process.
const ClusterCommand = "cluster"

// ControlPlaneCommand is the program's command that runs a control plane.
const ControlPlaneCommand = "control-plane"

// accountMemory sums up the supervisor and its descendants by part, in order of cluster and name.
func accountMemory(processes []process, supervisor int) []Part {
	children := map[int][]process{}
	for _, p := range processes {
		children[p.parent] = append(children[p.parent], p)
	}
	sums := map[partKey]*Part{}
	add := func(key partKey, p process) {
		if sums[key] == nil {
			sums[key] = &Part{Cluster: key.cluster, Name: key.name}
		}
		sums[key].Processes++
		sums[key].Bytes += p.bytes
	}
	var visit func(parent int, cluster string)
	visit = func(parent int, cluster string) {
		for _, p := range children[parent] {
			key := partOf(p, cluster)
			add(key, p)
			visit(p.pid, key.cluster)
		}
	}
	for _, p := range processes {
		if p.pid == supervisor {
			add(partKey{name: PartSupervisor}, p)
		}
	}
	visit(supervisor, "")
	parts := make([]Part, 0, len(sums))
	for _, part := range sums {
		parts = append(parts, *part)
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(len(a.Cluster), len(b.Cluster)), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Name, b.Name))
	})
	return parts
}

type partKey struct{ cluster, name string }

// partOf names a process by its command line. The parent's cluster is that of a pod's process.
func partOf(p process, parentCluster string) partKey {
	command := ""
	if len(p.args) > 1 {
		command = p.args[1]
	}
	switch {
	case parentCluster == "" && command == ClusterCommand:
		return partKey{cluster: flagValue(p.args, "--cluster"), name: PartNode}
	case command == ControlPlaneCommand:
		return partKey{cluster: parentCluster, name: PartControlPlane}
	case len(p.args) > 0:
		return partKey{cluster: parentCluster, name: filepath.Base(p.args[0])}
	}
	return partKey{cluster: parentCluster, name: "ending"}
}

func flagValue(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}
