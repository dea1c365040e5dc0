// Package frontdoor is what the front doors have in common: resources of other products that are translated into
// IstioControlPlanes and what goes with them. Each has a package of its own below this one.
package frontdoor

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Sync makes a cluster hold a control plane, nil for none, with its namespace, and what goes with it. The inventory of the
// owner is kept up to date and saved.
func Sync(
	ctx context.Context, applier *kube.Applier, owner kube.Owner, icp *v1alpha1.IstioControlPlane, with []client.Object,
	inventory *[]metav1alpha1.InventoryEntry, save kube.Save,
) error {
	var wanted []client.Object
	if icp != nil {
		if err := prepareNamespace(ctx, applier, owner, icp.Namespace); err != nil {
			return err
		}
		wanted = append(wanted, icp)
	}
	var objects []*unstructured.Unstructured
	for _, object := range append(wanted, with...) {
		encoded, err := Encoded(object)
		if err != nil {
			return err
		}
		objects = append(objects, encoded)
	}
	record := func(ctx context.Context, refs []kube.Ref) error {
		*inventory = kube.Entries(refs)
		return save(ctx)
	}
	_, err := applier.Sync(ctx, owner, objects, kube.Refs(*inventory), record)
	return err
}

// Encoded is an object as it is applied.
func Encoded(object runtime.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", object, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}

// prepareNamespace makes the namespace of a control plane. It is in no inventory: other things may be in it, and it stays
// when the mesh goes.
func prepareNamespace(ctx context.Context, applier *kube.Applier, owner kube.Owner, name string) error {
	namespace := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}
	_, err := applier.Apply(ctx, owner, []*unstructured.Unstructured{namespace})
	return err
}

// ControlPlaneWaits says what a control plane waits for, "" when it is available as it is wanted.
func ControlPlaneWaits(ctx context.Context, reader client.Reader, key client.ObjectKey) (string, error) {
	icp := &v1alpha1.IstioControlPlane{}
	if err := reader.Get(ctx, key, icp); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the control plane: %w", err)
	}
	if icp.Status.Status == v1alpha1.ConfigStateAvailable && icp.Status.ObservedGeneration == icp.Generation {
		return "", nil
	}
	return Waiting(v1alpha1.KindIstioControlPlane, key, Problem(&icp.Status)), nil
}

// Problem is what a control plane that is not available says of it, "" for nothing.
func Problem(status *v1alpha1.IstioControlPlaneStatus) string {
	if ready := meta.FindStatusCondition(status.Conditions, kube.ReadyCondition); ready != nil && status.ErrorMessage == "" {
		return ready.Message
	}
	return status.ErrorMessage
}

// Waiting says that a part is not available, and why if that is known.
func Waiting(kind string, key client.ObjectKey, problem string) string {
	if problem != "" {
		return fmt.Sprintf("%s %s: %s", kind, key, problem)
	}
	return fmt.Sprintf("%s %s is not available yet", kind, key)
}

// Remove removes what a front door made, and says what is waited for as long as something of it is left.
func Remove(ctx context.Context, reader client.Reader, applier *kube.Applier, owner kube.Owner, known []kube.Ref) (waiting string, err error) {
	if _, err := applier.Remove(ctx, owner, known); err != nil {
		return "", err
	}
	remaining, err := applier.Remaining(ctx, owner, known)
	if err != nil || len(remaining) == 0 {
		return "", err
	}
	return heldBy(ctx, reader, remaining[0])
}

// heldBy says why an object that is being deleted is still there.
func heldBy(ctx context.Context, reader client.Reader, ref kube.Ref) (string, error) {
	message := fmt.Sprintf("waiting for %s to be removed", ref)
	if ref.Kind != v1alpha1.KindIstioControlPlane {
		return message, nil
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := reader.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, icp); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("read the control plane: %w", err)
	}
	if used := meta.FindStatusCondition(icp.Status.Conditions, v1alpha1.ConditionInUse); used != nil {
		return message + ": " + used.Message, nil
	}
	return message, nil
}

// DescribeUnsupported has a condition of the type name what of a resource has no effect; there is none for nothing.
func DescribeUnsupported(conditions *[]metav1.Condition, kind string, generation int64, names []string) {
	if len(names) == 0 {
		meta.RemoveStatusCondition(conditions, kind)
		return
	}
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: kind, Status: metav1.ConditionTrue, ObservedGeneration: generation,
		Reason: "NoEffect", Message: strings.Join(names, ", "),
	})
}
