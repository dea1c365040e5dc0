package meshplan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// State is the documented state of a mesh.
type State string

// States of a mesh.
const (
	Installing State = "Installing"
	Running    State = "Running"
	Failed     State = "Failed"
	Deleting   State = "Deleting"
)

// Mesh is a mesh as it is on a cluster.
type Mesh struct {
	Name          string   `json:"name"`
	Status        State    `json:"status"`
	Version       string   `json:"version,omitempty"`
	ControlPlanes []string `json:"controlPlanes,omitempty"`
	Clusters      []string `json:"clusters,omitempty"`
	Namespaces    []string `json:"namespaces,omitempty"`
	Message       string   `json:"message,omitempty"`
}

// Meshes are those of a cluster, by name: of its control planes, and those that have none yet. A control plane without a
// mesh is one of its own.
func Meshes(meshes []v1alpha1.IstioMesh, planes []v1alpha1.IstioControlPlane, peers []v1alpha1.PeerIstioControlPlane) []Mesh {
	byName := map[string]*Mesh{}
	get := func(name string) *Mesh {
		if byName[name] == nil {
			byName[name] = &Mesh{Name: name, Status: Running}
		}
		return byName[name]
	}
	for i := range meshes {
		get(meshes[i].Name)
	}
	for i := range planes {
		icp := &planes[i]
		mesh := get(cmp.Or(icp.Spec.MeshID, icp.Name))
		mesh.ControlPlanes = append(mesh.ControlPlanes, icp.Name+"."+icp.Namespace)
		mesh.Version = max(mesh.Version, icp.Spec.Version)
		mesh.add(cmp.Or(icp.Spec.ClusterID, icp.Status.ClusterID))
		mesh.Namespaces = append(mesh.Namespaces, icp.Status.InjectionNamespaces...)
		mesh.worsen(stateOf(icp))
	}
	for i := range peers {
		if mesh := byName[peers[i].Spec.MeshID]; mesh != nil {
			mesh.add(cmp.Or(peers[i].Spec.ClusterID, peers[i].Status.ClusterID))
		}
	}
	var all []Mesh
	for _, mesh := range byName {
		if len(mesh.ControlPlanes) == 0 {
			mesh.worsen(Installing, "it has no control plane yet")
		}
		slices.Sort(mesh.Namespaces)
		mesh.Namespaces = slices.Compact(mesh.Namespaces)
		all = append(all, *mesh)
	}
	slices.SortFunc(all, func(a, b Mesh) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (m *Mesh) add(cluster string) {
	if cluster != "" && !slices.Contains(m.Clusters, cluster) {
		m.Clusters = append(m.Clusters, cluster)
		slices.Sort(m.Clusters)
	}
}

// worsen: a mesh is as well as its worst part.
func (m *Mesh) worsen(state State, message string) {
	order := []State{Running, Installing, Deleting, Failed}
	if slices.Index(order, state) > slices.Index(order, m.Status) {
		m.Status, m.Message = state, message
	}
}

func stateOf(icp *v1alpha1.IstioControlPlane) (State, string) {
	message := icp.Status.ErrorMessage
	for _, condition := range icp.Status.Conditions {
		if condition.Type == "Ready" {
			message = cmp.Or(message, condition.Message)
		}
		if condition.Type == v1alpha1.ConditionInUse && icp.DeletionTimestamp != nil {
			message = condition.Message
		}
	}
	switch {
	case icp.DeletionTimestamp != nil:
		return Deleting, message
	case icp.Status.Status == v1alpha1.ConfigStateAvailable && icp.Status.ObservedGeneration == icp.Generation:
		return Running, ""
	case icp.Status.Status == v1alpha1.ConfigStateReconcileFailed, icp.Status.Status == v1alpha1.ConfigStateUnmanaged:
		return Failed, message
	}
	return Installing, message
}
