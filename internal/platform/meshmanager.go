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
	return !isFalse(manager.Enabled) && (manager.Istio == nil || !isFalse(manager.Istio.Enabled))
}

func (m meshManager) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, _ kube.Save) (state, error) {
	desired, err := IstioControlPlane(cp, m.catalogue)
	if err != nil {
		return state{}, err
	}
	live, err := m.read(ctx, cp)
	if err != nil {
		return state{}, err
	}
	if live != nil && !ownerOf(cp).Owns(live) {
		now := stateOf(live)
		now.message += fmt.Sprintf("; %s was not made by this ControlPlane, whose settings of Istio it does not have", kube.RefOf(live))
		return now, nil
	}
	if _, err := m.applier.Apply(ctx, ownerOf(cp), []*unstructured.Unstructured{desired}); err != nil {
		return state{}, err
	}
	if live, err = m.read(ctx, cp); err != nil {
		return state{}, err
	}
	return stateOf(live), nil
}

// remove deletes every IstioControlPlane that this ControlPlane made, also those of earlier Istio
// versions that run beside the present one. One that somebody else made stays, and is said to.
func (m meshManager) remove(ctx context.Context, cp *smmv1alpha1.ControlPlane, _ kube.Save) (state, error) {
	made, err := m.made(ctx, cp)
	if err != nil {
		return state{}, err
	}
	if len(made) > 0 {
		if _, err := m.applier.Remove(ctx, ownerOf(cp), kube.RefsOf(made)); err != nil {
			return state{}, err
		}
		return reconciling(removalWaiting(made)), nil
	}
	live, err := m.read(ctx, cp)
	if err != nil || live == nil {
		return removed(""), err
	}
	return removed(fmt.Sprintf("%s was not made by this ControlPlane and is kept", kube.RefOf(live))), nil
}

// made lists the IstioControlPlanes that the ControlPlane made.
func (m meshManager) made(ctx context.Context, cp *smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(servicemeshv1alpha1.GroupVersion.WithKind(servicemeshv1alpha1.KindIstioControlPlane + "List"))
	if err := m.client.List(ctx, list); ignoreNoKind(err) != nil {
		return nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	var made []*unstructured.Unstructured
	for i := range list.Items {
		if ownerOf(cp).Owns(&list.Items[i]) {
			made = append(made, &list.Items[i])
		}
	}
	return made, nil
}

// removalWaiting says what keeps the control planes from going: who uses them comes before the rest.
func removalWaiting(made []*unstructured.Unstructured) string {
	for _, icp := range made {
		if users := conditionMessage(icp, servicemeshv1alpha1.ConditionInUse); users != "" {
			return fmt.Sprintf("%s is %s", kube.RefOf(icp), users)
		}
	}
	return fmt.Sprintf("waiting for %s to be removed", kube.RefOf(made[0]))
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
func stateOf(icp *unstructured.Unstructured) state {
	if icp == nil {
		return reconciling("the IstioControlPlane is not there yet")
	}
	status, _, _ := unstructured.NestedString(icp.Object, "status", "status")
	observed, _, _ := unstructured.NestedInt64(icp.Object, "status", "observedGeneration")
	message := conditionMessage(icp, kube.ReadyCondition)
	switch {
	case observed != icp.GetGeneration():
		return reconciling(kube.RefOf(icp).String() + " is being reconciled")
	case status == string(servicemeshv1alpha1.ConfigStateAvailable):
		return available(message)
	case status == string(servicemeshv1alpha1.ConfigStateReconcileFailed):
		return state{smmv1alpha1.ComponentFailed, message}
	case status == string(servicemeshv1alpha1.ConfigStateUnmanaged):
		return unmanaged(message)
	default:
		return reconciling(message)
	}
}

// conditionMessage is the message of the condition of the given type, "" when there is none.
func conditionMessage(icp *unstructured.Unstructured, kind string) string {
	conditions, _, _ := unstructured.NestedSlice(icp.Object, "status", "conditions")
	for _, item := range conditions {
		condition, _ := item.(map[string]any)
		if condition["type"] == kind {
			message, _ := condition["message"].(string)
			return message
		}
	}
	return ""
}
