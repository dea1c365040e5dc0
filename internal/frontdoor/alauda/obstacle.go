package alauda

import (
	"fmt"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// surroundings are what a mesh depends on beside its specification.
type surroundings struct {
	// cluster is the name of this cluster; "" when nobody gave it one.
	cluster string
	// controlPlanes are those of the cluster.
	controlPlanes []v1alpha1.IstioControlPlane
	// meshes are the ServiceMeshes that are known here.
	meshes []asmv1alpha1.ServiceMesh
	// dualStack tells that Services get an IPv4 and an IPv6 address.
	dualStack bool
}

// obstacle is why a mesh cannot be: a reason for its condition and a message that says what to do.
type obstacle struct{ reason, message string }

// check looks for one obstacle.
type check func(*asmv1alpha1.ServiceMesh, surroundings) *obstacle

// obstacleTo finds the first obstacle to a mesh; nil for none. It is pure.
func obstacleTo(mesh *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	for _, check := range []check{elsewhere, dualStack, secondMesh, foreignMesh, monitorOfOneCluster} {
		if found := check(mesh, around); found != nil {
			return found
		}
	}
	return nil
}

func elsewhere(mesh *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	if around.cluster == "" || around.cluster == ClusterOf(mesh) {
		return nil
	}
	return &obstacle{"OtherCluster", fmt.Sprintf("the mesh is for cluster %s, and this is %s: apply it there, or let a ResourceSyncRule bring it there", ClusterOf(mesh), around.cluster)}
}

func dualStack(_ *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	if !around.dualStack {
		return nil
	}
	return &obstacle{"DualStack", "the cluster is dual-stack (IPv4 and IPv6), on which a mesh cannot be deployed"}
}

// secondMesh: the first mesh of a cluster has it.
func secondMesh(mesh *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	for i := range around.meshes {
		other := &around.meshes[i]
		if other.UID != mesh.UID && ClusterOf(other) == ClusterOf(mesh) && before(other, mesh) {
			return &obstacle{"SecondMesh", fmt.Sprintf("the cluster has the mesh %s/%s already, and a cluster can have only one", other.Namespace, other.Name)}
		}
	}
	return nil
}

func before(a, b *asmv1alpha1.ServiceMesh) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.UID < b.UID
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

// foreignMesh: control planes that the mesh did not make are another mesh's.
func foreignMesh(mesh *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	for i := range around.controlPlanes {
		icp := &around.controlPlanes[i]
		if icp.Annotations[kube.OwnerAnnotation] != ownerOf(mesh).String() && !isTrue(mesh.Spec.WithoutIstio) {
			return &obstacle{"SecondMesh", fmt.Sprintf("the cluster has the control plane %s/%s of another mesh already, and a cluster can have only one mesh", icp.Namespace, icp.Name)}
		}
	}
	return nil
}

func monitorOfOneCluster(mesh *asmv1alpha1.ServiceMesh, around surroundings) *obstacle {
	if mesh.Spec.MonitorType != "prometheus" {
		return nil
	}
	group := mesh.Labels[asmv1alpha1.MeshGroupLabel]
	for i := range around.meshes {
		other := &around.meshes[i]
		if group != "" && other.Labels[asmv1alpha1.MeshGroupLabel] == group && ClusterOf(other) != ClusterOf(mesh) && before(other, mesh) {
			return &obstacle{"MonitorOfOneCluster", fmt.Sprintf("Prometheus cannot aggregate several clusters, and the mesh %s has cluster %s already: set monitorType to victoriametrics", group, ClusterOf(other))}
		}
	}
	return nil
}
