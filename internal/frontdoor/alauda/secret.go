package alauda

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	redisPassword         = "redis-password"
	elasticsearchPassword = "elasticsearch-password"
)

// SecretName is the name of the Secret, beside the mesh, that its passwords are kept in.
func SecretName(mesh *asmv1alpha1.ServiceMesh) string { return mesh.Name + "-credentials" }

// passwords are those that a mesh still has in its specification, by their keys in the Secret.
func passwords(mesh *asmv1alpha1.ServiceMesh) map[string]string {
	found := map[string]string{}
	if mesh.Spec.Redis != nil && mesh.Spec.Redis.Password != "" {
		found[redisPassword] = mesh.Spec.Redis.Password
	}
	if mesh.Spec.Elasticsearch != nil && mesh.Spec.Elasticsearch.Password != "" {
		found[elasticsearchPassword] = mesh.Spec.Elasticsearch.Password
	}
	return found
}

// hidePasswords moves passwords out of the mesh into a Secret that goes with it. They are removed from the mesh only
// once the Secret holds them. What kubectl remembers of the manifest holds them too, and is removed.
func (l *logic) hidePasswords(ctx context.Context, mesh *asmv1alpha1.ServiceMesh) error {
	found := passwords(mesh)
	if len(found) == 0 {
		return nil
	}
	secret := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: mesh.Namespace, Name: SecretName(mesh), OwnerReferences: []metav1.OwnerReference{{
			APIVersion: asmv1alpha1.GroupVersion.String(), Kind: asmv1alpha1.KindServiceMesh, Name: mesh.Name, UID: mesh.UID,
		}}},
		StringData: found,
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(secret)
	if err != nil {
		return fmt.Errorf("encode the Secret %s: %w", secret.Name, err)
	}
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	applied := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: content})
	if err := l.client.Apply(ctx, applied, client.FieldOwner(kube.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("keep the passwords in Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	cleared := mesh.DeepCopy()
	if cleared.Spec.Redis != nil {
		cleared.Spec.Redis.Password = ""
	}
	if cleared.Spec.Elasticsearch != nil {
		cleared.Spec.Elasticsearch.Password = ""
	}
	delete(cleared.Annotations, corev1.LastAppliedConfigAnnotation)
	patch := client.MergeFromWithOptions(mesh, client.MergeFromWithOptimisticLock{})
	if err := l.client.Patch(ctx, cleared, patch, client.FieldOwner(kube.FieldManager)); err != nil {
		return fmt.Errorf("remove the passwords from ServiceMesh %s: %w", mesh.Name, err)
	}
	cleared.Status.DeepCopyInto(&mesh.Status)
	mesh.ObjectMeta, mesh.Spec = cleared.ObjectMeta, cleared.Spec
	return nil
}
