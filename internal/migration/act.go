package migration

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// relabel labels the namespace and remembers where it was, in one write. The write fails when
// somebody else changed the namespace since it was looked at.
func (m *Migrator) relabel(ctx context.Context, name string, record Record) error {
	encoded, err := json.Marshal(record)
	if err != nil {
		return err
	}
	namespace := &corev1.Namespace{}
	if err := m.client.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	before := namespace.DeepCopy()
	if namespace.Labels == nil {
		namespace.Labels = map[string]string{}
	}
	if namespace.Annotations == nil {
		namespace.Annotations = map[string]string{}
	}
	namespace.Labels[istio.RevisionLabel] = record.To
	delete(namespace.Labels, istio.InjectionLabel) // it would hide the namespace from the control plane
	namespace.Annotations[RecordAnnotation] = string(encoded)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := m.client.Patch(ctx, namespace, patch, client.FieldOwner(kube.FieldManager)); err != nil {
		return fmt.Errorf("label namespace %s: %w", name, err)
	}
	return nil
}

// repoint has a gateway refer to the control plane.
func (m *Migrator) repoint(ctx context.Context, namespace, name string, plane istio.Revision) error {
	gateway := &v1alpha1.IstioMeshGateway{}
	if err := m.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, gateway); err != nil {
		return fmt.Errorf("read IstioMeshGateway %s/%s: %w", namespace, name, err)
	}
	before := gateway.DeepCopy()
	gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName(plane)
	if err := m.client.Patch(ctx, gateway, client.MergeFrom(before), client.FieldOwner(kube.FieldManager)); err != nil {
		return fmt.Errorf("set the control plane of IstioMeshGateway %s/%s: %w", namespace, name, err)
	}
	return nil
}

// restart makes the pods of a workload anew. For the same time it does so only once.
func (m *Migrator) restart(ctx context.Context, namespace string, w Workload, at string) error {
	object := map[string]client.Object{
		"Deployment": &appsv1.Deployment{}, "StatefulSet": &appsv1.StatefulSet{}, "DaemonSet": &appsv1.DaemonSet{},
	}[w.Kind]
	if err := m.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: w.Name}, object); err != nil {
		return fmt.Errorf("read %s of namespace %s: %w", w, namespace, err)
	}
	before := object.DeepCopyObject().(client.Object)
	template := templateOf(object)
	if template.Annotations == nil {
		template.Annotations = map[string]string{}
	}
	template.Annotations[RestartAnnotation] = at
	if err := m.client.Patch(ctx, object, client.MergeFrom(before), client.FieldOwner(kube.FieldManager)); err != nil {
		return fmt.Errorf("restart %s of namespace %s: %w", w, namespace, err)
	}
	return nil
}
