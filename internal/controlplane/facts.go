package controlplane

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
)

// Facts are what rendering a control plane depends on beside its specification.
type Facts struct {
	// KubernetesVersion is that of the cluster, such as v1.36.3; "" for a recent one.
	KubernetesVersion string
	// OpenShift tells that the cluster has OpenShift's security context constraints.
	OpenShift bool
	// Mesh is the IstioMesh that the control plane belongs to; nil for none.
	Mesh *v1alpha1.IstioMesh
	// Base tells that this control plane brings what all control planes of the cluster need.
	Base bool
	// CNI tells that this control plane brings the CNI plugin, of which a cluster has one.
	CNI bool
	// Attached are the namespaces whose pods ask for the CNI plugin by a network attachment.
	Attached []string
	// Peers are the mesh's control planes in other clusters.
	Peers []peering.Peer
}

// factsOf observes what the rendering of a control plane depends on. all are the control planes
// of the cluster.
func (l *logic) factsOf(ctx context.Context, icp *v1alpha1.IstioControlPlane, all []v1alpha1.IstioControlPlane) (Facts, error) {
	facts := Facts{
		KubernetesVersion: l.kubernetesVersion,
		Base:              isHolder(icp, all, wantsBase),
		CNI:               isHolder(icp, all, wantsCNI),
	}
	var err error
	if facts.Mesh, err = l.readMesh(ctx, icp); err != nil {
		return Facts{}, err
	}
	if facts.Attached, err = l.attachedNamespaces(ctx, icp); err != nil {
		return Facts{}, err
	}
	if facts.Peers, err = l.peers(ctx, icp); err != nil {
		return Facts{}, err
	}
	facts.OpenShift, err = l.platform.isOpenShift()
	return facts, err
}

// readMesh returns the IstioMesh of the control plane: the one of its namespace that has the
// mesh's name. nil when there is none.
func (l *logic) readMesh(ctx context.Context, icp *v1alpha1.IstioControlPlane) (*v1alpha1.IstioMesh, error) {
	if len(validation.IsDNS1123Subdomain(icp.Spec.MeshID)) > 0 {
		return nil, nil // no resource can have the name
	}
	mesh := &v1alpha1.IstioMesh{}
	err := l.client.Get(ctx, client.ObjectKey{Namespace: icp.Namespace, Name: icp.Spec.MeshID}, mesh)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err), err == nil && mesh.DeletionTimestamp != nil:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read IstioMesh %s/%s: %w", icp.Namespace, icp.Spec.MeshID, err)
	}
	return mesh, nil
}
