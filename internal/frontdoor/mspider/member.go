package mspider

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

// Member is a cluster of a mesh.
type Member struct {
	// Name of the cluster.
	Name string
	// Network of the cluster.
	Network string
}

// Members are the clusters of a mesh, by name: its owner, those that it lists, and those whose MeshCluster names it.
func Members(mesh *discoveryv3alpha1.GlobalMesh, clusters []discoveryv3alpha1.MeshCluster) []Member {
	networks := map[string]string{mesh.Spec.OwnerCluster: ""}
	for _, name := range mesh.Spec.Clusters {
		networks[name] = ""
	}
	for i := range clusters {
		cluster := &clusters[i]
		params, inMesh := paramsIn(cluster, mesh.Name)
		if cluster.Namespace == mesh.Namespace && cluster.DeletionTimestamp == nil && inMesh {
			networks[cluster.Name] = params[paramNetwork]
		}
	}
	members := make([]Member, 0, len(networks))
	for name, network := range networks {
		members = append(members, Member{name, cmp.Or(network, peering.DefaultNetwork)})
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return members
}

// paramsIn are the parameters of a cluster in a mesh.
func paramsIn(cluster *discoveryv3alpha1.MeshCluster, mesh string) (params map[string]string, inMesh bool) {
	for _, meshed := range cluster.Spec.MeshedParams {
		if meshed.Params[paramMeshID] == mesh {
			return meshed.Params, true
		}
	}
	return nil, false
}

func memberNamed(members []Member, name string) *Member {
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &members[i]
}

// severalNetworks tells whether pods of some members do not reach those of others directly.
func severalNetworks(members []Member) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Network != members[0].Network })
}

// unsupportedIn names what of a cluster's parameters has no effect.
func unsupportedIn(cluster *discoveryv3alpha1.MeshCluster) []string {
	var names []string
	for i, meshed := range cluster.Spec.MeshedParams {
		for _, name := range slices.Sorted(maps.Keys(meshed.Params)) {
			switch value := meshed.Params[name]; {
			case name == paramMeshID, name == paramNetwork, name == paramRole && value == roleWorker:
			case name == paramRole:
				names = append(names, fmt.Sprintf("spec.meshedParams[%d].params.%s (of roles, only %s has an effect)", i, name, roleWorker))
			default:
				names = append(names, fmt.Sprintf("spec.meshedParams[%d].params.%s (the product has no such parameter)", i, name))
			}
		}
	}
	return names
}
