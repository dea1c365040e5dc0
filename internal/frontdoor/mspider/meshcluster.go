package mspider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/frontdoor"
	"github.com/meshmanager/smm/internal/kube"
)

// NewMeshClusterReconciler returns the reconciler of MeshClusters. They make nothing: what they say counts in the
// GlobalMesh that they name.
func NewMeshClusterReconciler(c client.Client) *kube.Reconciler[*discoveryv3alpha1.MeshCluster] {
	return &kube.Reconciler[*discoveryv3alpha1.MeshCluster]{
		Client: c,
		New:    func() *discoveryv3alpha1.MeshCluster { return &discoveryv3alpha1.MeshCluster{} },
		Logic:  &clusterLogic{client: c},
	}
}

type clusterLogic struct{ client client.Client }

// Reconcile describes whether the cluster is connected.
func (l *clusterLogic) Reconcile(ctx context.Context, cluster *discoveryv3alpha1.MeshCluster, _ kube.Save) (kube.Outcome, error) {
	around, err := observe(ctx, l.client)
	if err != nil {
		return kube.Outcome{}, err
	}
	frontdoor.DescribeUnsupported(&cluster.Status.Conditions, discoveryv3alpha1.ConditionUnsupported, cluster.Generation, unsupportedIn(cluster))
	found := connectionOf(cluster, around)
	cluster.Status.Phase, cluster.Status.Mesh, cluster.Status.Network = found.phase, found.mesh, found.network
	cluster.Status.ObservedGeneration = cluster.Generation
	ready := metav1.ConditionFalse
	if found.phase == discoveryv3alpha1.ClusterConnected {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&cluster.Status.Conditions, cluster.Generation, ready, string(found.phase), found.message)
	if ready == metav1.ConditionTrue {
		return kube.Done(), nil
	}
	return kube.Wait(found.message), nil
}

// Finalize has nothing to take away.
func (l *clusterLogic) Finalize(context.Context, *discoveryv3alpha1.MeshCluster, kube.Save) (kube.Outcome, error) {
	return kube.Done(), nil
}

// Fail notes an error for users; how the cluster is stays what was last known.
func (l *clusterLogic) Fail(cluster *discoveryv3alpha1.MeshCluster, err error) {
	if errors.Is(err, context.Canceled) || kube.IsTransient(err) {
		return
	}
	kube.SetReady(&cluster.Status.Conditions, cluster.Generation, metav1.ConditionUnknown, "Failed", err.Error())
}

// connection is how a cluster is connected.
type connection struct {
	phase         discoveryv3alpha1.ClusterPhase
	mesh, network string
	message       string
}

// connectionOf is pure.
func connectionOf(cluster *discoveryv3alpha1.MeshCluster, around surroundings) connection {
	named, mesh := meshOf(cluster, around.meshes)
	c := connection{phase: discoveryv3alpha1.ClusterConnecting, mesh: named}
	if mesh == nil && named != "" {
		c.message = fmt.Sprintf("there is no GlobalMesh %s/%s", cluster.Namespace, named)
		return c
	}
	if mesh != nil {
		if member := memberNamed(Members(mesh, around.meshClusters), cluster.Name); member != nil {
			c.network = member.Network
		}
		if around.in(mesh) == cluster.Name {
			return c.local(mesh, around)
		}
	} else if around.here == cluster.Name {
		return c.connected("this cluster, which is in no mesh")
	}
	return c.remote(cluster.Name, mesh, around)
}

// local is how this cluster is in the mesh.
func (c connection) local(mesh *discoveryv3alpha1.GlobalMesh, around surroundings) connection {
	if modeIn(mesh, mesh.Spec.OwnerCluster) == "" {
		return c.connected("somebody else installs Istio")
	}
	icp := around.own(mesh)
	if icp == nil || icp.Status.Status != v1alpha1.ConfigStateAvailable || icp.Status.ObservedGeneration != icp.Generation {
		c.message = frontdoor.Waiting(v1alpha1.KindIstioControlPlane, client.ObjectKey{Namespace: NamespaceOf(mesh), Name: mesh.Name}, "")
		return c
	}
	return c.connected("its control plane is available")
}

// remote is how another cluster is, as it tells itself; one that does not answer keeps what it is in the mesh.
func (c connection) remote(name string, mesh *discoveryv3alpha1.GlobalMesh, around surroundings) connection {
	registered := around.cluster(name)
	if registered == nil {
		c.message = notRegistered(name)
		return c
	}
	var picp *v1alpha1.PeerIstioControlPlane
	if mesh != nil {
		picp = around.peer(mesh, registered)
	}
	available := picp != nil && picp.Status.Status == v1alpha1.ConfigStateAvailable
	if registered.Status.State != clusterregistryv1alpha1.ClusterStateReady {
		c.message = "the cluster is not reached: " + cmp.Or(registered.Status.Message, "it is not connected yet")
		if available {
			c.phase = discoveryv3alpha1.ClusterDisconnected
		}
		return c
	}
	switch {
	case mesh == nil:
		return c.connected("it is in no mesh")
	case modeIn(mesh, name) == "":
		return c.connected("it is registered; the mesh makes nothing in it")
	case available:
		return c.connected("its control plane is available")
	case picp == nil:
		c.message = "the cluster tells of no control plane of the mesh yet: its operator makes one as soon as it has copies of the GlobalMesh and the MeshCluster"
	default:
		c.message = frontdoor.Waiting(v1alpha1.KindIstioControlPlane+" of the cluster,", client.ObjectKey{Namespace: picp.Namespace, Name: mesh.Name}, frontdoor.Problem(&picp.Status))
	}
	return c
}

func (c connection) connected(message string) connection {
	c.phase, c.message = discoveryv3alpha1.ClusterConnected, message
	return c
}

// meshOf is the mesh that a cluster is in: the one that it names, or that names it. named is its name, also if there is
// no such mesh.
func meshOf(cluster *discoveryv3alpha1.MeshCluster, meshes []discoveryv3alpha1.GlobalMesh) (named string, mesh *discoveryv3alpha1.GlobalMesh) {
	for _, meshed := range cluster.Spec.MeshedParams {
		named = cmp.Or(named, meshed.Params[paramMeshID])
	}
	for i := range meshes {
		candidate := &meshes[i]
		lists := candidate.Spec.OwnerCluster == cluster.Name || slices.Contains(candidate.Spec.Clusters, cluster.Name)
		if candidate.Namespace == cluster.Namespace && (candidate.Name == named || named == "" && lists) {
			return candidate.Name, candidate
		}
	}
	return named, nil
}
