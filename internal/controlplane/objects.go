package controlplane

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/overlay"
	"github.com/meshmanager/smm/internal/peering"
)

// Rendered is everything that belongs to a control plane, except CRDs, which are never removed.
type Rendered struct {
	// ControlPlane is istiod with its configuration, and what control planes share that this one
	// is to bring.
	ControlPlane []*unstructured.Unstructured
	// Expansion lets workloads of other networks reach the mesh. It needs a running istiod.
	Expansion []*unstructured.Unstructured
	// Remotes are the credentials with which istiod reads from peers. They are not rendered from
	// the specification.
	Remotes []*unstructured.Unstructured
}

// All are the objects of all parts.
func (r Rendered) All() []*unstructured.Unstructured {
	return slices.Concat(r.ControlPlane, r.Expansion, r.Remotes)
}

// Render renders everything that belongs to the control plane. There is nothing of a passive one,
// which needs a peer's istiod. It is pure.
func Render(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) (Rendered, error) {
	if icp.Spec.Mode == v1alpha1.ModePassive {
		return Rendered{}, nil
	}
	icp, err := federated(icp, peering.ForeignRoots(icp, facts.Peers))
	if err != nil {
		return Rendered{}, err
	}
	own, err := ownObjects(icp, release, facts)
	if err != nil {
		return Rendered{}, err
	}
	shared, err := sharedObjects(icp, release, facts)
	if err != nil {
		return Rendered{}, err
	}
	expansion, err := MeshExpansion(icp)
	if err != nil {
		return Rendered{}, err
	}
	rendered := Rendered{ControlPlane: append(shared, own...), Expansion: expansion}
	if err := overlay.Apply(rendered.All(), icp.Spec.K8sResourceOverlays); err != nil {
		return Rendered{}, fmt.Errorf("spec.%w", err)
	}
	return rendered, validateMeshConfig(own, revisionOf(icp))
}

// Objects renders a control plane that has no IstioMesh. With shared, it brings what control
// planes of a cluster share, as the only one of its cluster does. It is pure.
func Objects(icp *v1alpha1.IstioControlPlane, release istio.Release, kubernetesVersion string, shared bool) ([]*unstructured.Unstructured, error) {
	facts := Facts{KubernetesVersion: kubernetesVersion, Base: shared, CNI: shared && wantsCNI(icp)}
	rendered, err := Render(icp, release, facts)
	return rendered.All(), err
}

// ownObjects renders istiod with what the specification says of it.
func ownObjects(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) ([]*unstructured.Unstructured, error) {
	values, err := Values(&icp.Spec, release, icp.Namespace, facts.Mesh)
	if err != nil {
		return nil, err
	}
	objects, err := release.ControlPlane(revisionOf(icp), values, facts.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	if facts.OpenShift {
		objects = append(objects, constraintBindings(revisionOf(icp), revisionOf(icp).Istiod(), istiodConstraints())...)
	}
	for _, namespace := range facts.Attached {
		objects = append(objects, networkAttachment(icp, namespace))
	}
	for _, object := range objects {
		if isIstioReader(object) {
			openToPeers(object)
		}
	}
	istiod, err := istiodOf(objects, revisionOf(icp))
	if err != nil {
		return nil, err
	}
	if err := setIstiodDeployment(istiod, icp); err != nil {
		return nil, err
	}
	if err := setAliases(objects, revisionOf(icp), &icp.Spec); err != nil {
		return nil, err
	}
	if icp.Spec.Istiod == nil || icp.Spec.Istiod.Deployment == nil {
		return objects, nil
	}
	return withBudget(objects, istiod, icp.Spec.Istiod.Deployment.PodDisruptionBudget)
}

// sharedObjects renders what control planes of a cluster share and this one is to bring.
func sharedObjects(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	if facts.Base {
		base, err := release.Base(revisionOf(icp), facts.KubernetesVersion)
		if err != nil {
			return nil, err
		}
		objects = append(objects, base...)
	}
	if facts.CNI && wantsCNI(icp) {
		plugin, err := cniObjects(icp, release, facts)
		if err != nil {
			return nil, err
		}
		objects = append(objects, plugin...)
	}
	return objects, nil
}
