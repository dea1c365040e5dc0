package mspider

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// surroundings are what a mesh depends on beside its specification.
type surroundings struct {
	// here is the name of this cluster; "" when nobody gave it one.
	here string
	// meshes and meshClusters are all that are known here.
	meshes       []discoveryv3alpha1.GlobalMesh
	meshClusters []discoveryv3alpha1.MeshCluster
	// controlPlanes are those of the cluster, peers those that others tell of.
	controlPlanes []v1alpha1.IstioControlPlane
	peers         []v1alpha1.PeerIstioControlPlane
	// registered are the clusters that the cluster registry knows.
	registered []clusterregistryv1alpha1.Cluster
}

func observe(ctx context.Context, reader client.Reader) (surroundings, error) {
	var meshes discoveryv3alpha1.GlobalMeshList
	var meshClusters discoveryv3alpha1.MeshClusterList
	var planes v1alpha1.IstioControlPlaneList
	var peers v1alpha1.PeerIstioControlPlaneList
	var registered clusterregistryv1alpha1.ClusterList
	var installations smmv1alpha1.ControlPlaneList
	for _, list := range []client.ObjectList{&meshes, &meshClusters, &planes, &peers, &registered, &installations} {
		if err := reader.List(ctx, list); err != nil && !meta.IsNoMatchError(err) {
			return surroundings{}, fmt.Errorf("read what is known of the mesh: %w", err)
		}
	}
	around := surroundings{
		meshes: meshes.Items, meshClusters: meshClusters.Items,
		controlPlanes: planes.Items, peers: peers.Items, registered: registered.Items,
	}
	for i := range registered.Items {
		if registered.Items[i].Status.Type == clusterregistryv1alpha1.ClusterTypeLocal {
			around.here = registered.Items[i].Name
		}
	}
	for i := range installations.Items {
		if name := installations.Items[i].Spec.ClusterName; name != "" {
			around.here = name
		}
	}
	return around, nil
}

// in is the name of this cluster in a mesh. One without a name can only be the owner.
func (s surroundings) in(mesh *discoveryv3alpha1.GlobalMesh) string {
	if s.here == "" {
		return mesh.Spec.OwnerCluster
	}
	return s.here
}

// cluster is what the registry knows under a name; nil for nothing.
func (s surroundings) cluster(name string) *clusterregistryv1alpha1.Cluster {
	for i := range s.registered {
		if s.registered[i].Name == name {
			return &s.registered[i]
		}
	}
	return nil
}

// peer is what a cluster tells of its control plane of the mesh; nil for nothing.
func (s surroundings) peer(mesh *discoveryv3alpha1.GlobalMesh, cluster *clusterregistryv1alpha1.Cluster) *v1alpha1.PeerIstioControlPlane {
	for i := range s.peers {
		picp := &s.peers[i]
		if picp.Annotations[clusterregistryv1alpha1.OwnershipAnnotation] == cluster.Spec.ClusterID && picp.Spec.MeshID == mesh.Name && picp.Namespace == NamespaceOf(mesh) {
			return picp
		}
	}
	return nil
}

// own is the control plane of the mesh in this cluster; nil for none.
func (s surroundings) own(mesh *discoveryv3alpha1.GlobalMesh) *v1alpha1.IstioControlPlane {
	for i := range s.controlPlanes {
		if icp := &s.controlPlanes[i]; icp.Name == mesh.Name && icp.Namespace == NamespaceOf(mesh) {
			return icp
		}
	}
	return nil
}
