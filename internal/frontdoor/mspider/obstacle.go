package mspider

import (
	"fmt"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// obstacle is why a mesh cannot be: a reason for its condition and a message that says what to do.
type obstacle struct{ reason, message string }

// obstacleTo finds the first obstacle to a mesh in a cluster; nil for none. It is pure.
func obstacleTo(mesh *discoveryv3alpha1.GlobalMesh, members []Member, around surroundings) *obstacle {
	if mesh.Spec.Mode != discoveryv3alpha1.ModeHosted && len(members) > 1 {
		return &obstacle{"SeveralClusters", fmt.Sprintf("the mesh has %d clusters, and only a hosted mesh manages several: set spec.mode to HOSTED, or remove the others", len(members))}
	}
	here := around.in(mesh)
	if memberNamed(members, here) == nil || modeIn(mesh, here) == "" {
		return nil
	}
	for i := range around.controlPlanes {
		icp := &around.controlPlanes[i]
		if icp.Annotations[kube.OwnerAnnotation] != ownerOf(mesh).String() {
			return &obstacle{"SecondMesh", fmt.Sprintf("cluster %s has the control plane %s/%s of another mesh already, and a cluster can have only one mesh", here, icp.Namespace, icp.Name)}
		}
	}
	return nil
}
