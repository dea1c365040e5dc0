package registry

import (
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/overlay"
)

// Copy is the object as the rules that it matches want it in another cluster. owner is the ID of the cluster that the
// original is in. The copy has a status only if a rule copies it.
func Copy(original *unstructured.Unstructured, rules []v1alpha1.SyncRule, owner string) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{Object: maps.Clone(original.Object)}
	delete(object.Object, "metadata")
	object = object.DeepCopy()
	object.SetName(original.GetName())
	object.SetNamespace(original.GetNamespace())
	labels, annotations := marked(original, owner)
	withStatus := false
	kind := original.GroupVersionKind()
	for _, rule := range rules {
		mutations := rule.Mutations
		if m := mutations.Labels; m != nil {
			change(labels, m.Add, m.Remove)
		}
		if m := mutations.Annotations; m != nil {
			change(annotations, m.Add, m.Remove)
		}
		kind = mutatedKind(kind, mutations.GVK)
		withStatus = withStatus || mutations.SyncStatus
	}
	if kind != original.GroupVersionKind() {
		annotations[v1alpha1.OriginalGVKAnnotation] = original.GroupVersionKind().String()
		object.SetGroupVersionKind(kind)
	}
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
	if !withStatus {
		delete(object.Object, "status")
	}
	for _, rule := range rules {
		if err := overlay.Patch(object, rule.Mutations.Overrides); err != nil {
			return nil, fmt.Errorf("override: %w", err)
		}
	}
	noteOrigin(object, original, owner)
	if object.GetName() == "" || object.GetKind() == "" || ownerOf(object) != owner {
		return nil, errors.New("override: what is left is no Kubernetes object")
	}
	return object, nil
}

// marked are the labels and annotations of an original with the marks of a copy, and without what says who manages the
// original in its own cluster.
func marked(original *unstructured.Unstructured, owner string) (labels, annotations map[string]string) {
	labels, annotations = original.GetLabels(), original.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	if labels[kube.ManagedByLabel] == kube.ManagedByValue {
		delete(labels, kube.ManagedByLabel)
	}
	delete(annotations, kube.OwnerAnnotation)
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	labels[v1alpha1.OwnershipAnnotation] = owner
	annotations[v1alpha1.OwnershipAnnotation] = owner
	return labels, annotations
}

func change(values, add map[string]string, remove []string) {
	maps.Copy(values, add)
	for _, key := range remove {
		delete(values, key)
	}
}

func mutatedKind(kind schema.GroupVersionKind, mutation *servicemeshv1alpha1.GroupVersionKind) schema.GroupVersionKind {
	if mutation == nil {
		return kind
	}
	if mutation.Group != "" {
		kind.Group = mutation.Group
	}
	if mutation.Version != "" {
		kind.Version = mutation.Version
	}
	if mutation.Kind != "" {
		kind.Kind = mutation.Kind
	}
	return kind
}

// noteOrigin has a copy tell whose it is and, with another name, what it is a copy of.
func noteOrigin(object, original *unstructured.Unstructured, owner string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.OwnershipAnnotation] = owner
	if object.GetName() != original.GetName() {
		annotations[v1alpha1.OriginalNameAnnotation] = original.GetName()
	}
	if object.GetNamespace() != original.GetNamespace() {
		annotations[v1alpha1.OriginalNamespaceAnnotation] = original.GetNamespace()
	}
	object.SetAnnotations(annotations)
}

// originOf names the object that a copy was made of, in the cluster that owns it.
func originOf(object *unstructured.Unstructured) objectKey {
	annotations := object.GetAnnotations()
	key := keyOf(object)
	if original, err := parseKind(annotations[v1alpha1.OriginalGVKAnnotation]); err == nil {
		key.kind = original
	}
	if name, renamed := annotations[v1alpha1.OriginalNameAnnotation]; renamed {
		key.name = name
	}
	if namespace, moved := annotations[v1alpha1.OriginalNamespaceAnnotation]; moved {
		key.namespace = namespace
	}
	return key
}
