package platform

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// meshManager is the component that installs Istio: it makes the IstioControlPlane, and the
// component's state is that of the IstioControlPlane.
type meshManager struct {
	client    client.Client
	applier   *kube.Applier
	catalogue istio.Catalogue
}

func (m meshManager) name() string { return smmv1alpha1.ComponentMeshManager }

func (m meshManager) enabled(cp *smmv1alpha1.ControlPlane) bool {
	manager := cp.Spec.MeshManager
	if manager == nil {
		return true
	}
	off := func(enabled *bool) bool { return enabled != nil && !*enabled }
	return !off(manager.Enabled) && (manager.Istio == nil || !off(manager.Istio.Enabled))
}

func (m meshManager) install(ctx context.Context, cp *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error) {
	desired, err := IstioControlPlane(cp, m.catalogue)
	if err != nil {
		return smmv1alpha1.ComponentStatus{}, err
	}
	live, err := m.read(ctx, cp)
	if err != nil {
		return smmv1alpha1.ComponentStatus{}, err
	}
	if live == nil || ownerOf(cp).Owns(live) {
		if _, err := m.applier.Apply(ctx, ownerOf(cp), []*unstructured.Unstructured{desired}); err != nil {
			return smmv1alpha1.ComponentStatus{}, err
		}
		if live, err = m.read(ctx, cp); err != nil {
			return smmv1alpha1.ComponentStatus{}, err
		}
	}
	return stateOf(live), nil
}

// remove deletes an IstioControlPlane that this ControlPlane made. One that somebody else made
// stays, and is said to.
func (m meshManager) remove(ctx context.Context, cp *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error) {
	live, err := m.read(ctx, cp)
	switch {
	case err != nil:
		return smmv1alpha1.ComponentStatus{}, err
	case live == nil:
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentRemoved}, nil
	case !ownerOf(cp).Owns(live):
		return smmv1alpha1.ComponentStatus{
			Status:  smmv1alpha1.ComponentRemoved,
			Message: fmt.Sprintf("%s was not made by this ControlPlane and is kept", kube.RefOf(live)),
		}, nil
	}
	if _, err := m.applier.Remove(ctx, ownerOf(cp), []kube.Ref{kube.RefOf(live)}); err != nil {
		return smmv1alpha1.ComponentStatus{}, err
	}
	return smmv1alpha1.ComponentStatus{
		Status:  smmv1alpha1.ComponentReconciling,
		Message: fmt.Sprintf("waiting for %s to be removed", kube.RefOf(live)),
	}, nil
}

// read returns the IstioControlPlane that the ControlPlane refers to, nil when there is none.
func (m meshManager) read(ctx context.Context, cp *smmv1alpha1.ControlPlane) (*unstructured.Unstructured, error) {
	revision := RevisionOf(cp, m.catalogue)
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(servicemeshv1alpha1.GroupVersion.WithKind(servicemeshv1alpha1.KindIstioControlPlane))
	err := m.client.Get(ctx, client.ObjectKey{Namespace: revision.Namespace, Name: revision.Name}, live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read IstioControlPlane %s/%s: %w", revision.Namespace, revision.Name, err)
	}
	return live, nil
}

// stateOf tells the component's state from the IstioControlPlane's status.
func stateOf(icp *unstructured.Unstructured) smmv1alpha1.ComponentStatus {
	if icp == nil {
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentReconciling, Message: "the IstioControlPlane is not there yet"}
	}
	state, _, _ := unstructured.NestedString(icp.Object, "status", "status")
	observed, _, _ := unstructured.NestedInt64(icp.Object, "status", "observedGeneration")
	message := readyMessage(icp)
	switch {
	case observed != icp.GetGeneration():
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentReconciling, Message: kube.RefOf(icp).String() + " is being reconciled"}
	case state == string(servicemeshv1alpha1.ConfigStateAvailable):
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentAvailable, Message: message}
	case state == string(servicemeshv1alpha1.ConfigStateReconcileFailed):
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentFailed, Message: message}
	case state == string(servicemeshv1alpha1.ConfigStateUnmanaged):
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentUnmanaged, Message: message}
	default:
		return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentReconciling, Message: message}
	}
}

func readyMessage(icp *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(icp.Object, "status", "conditions")
	for _, item := range conditions {
		condition, _ := item.(map[string]any)
		if condition["type"] == kube.ReadyCondition {
			message, _ := condition["message"].(string)
			return message
		}
	}
	return ""
}
