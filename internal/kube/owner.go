package kube

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// FieldManager is the name under which the product applies fields.
	FieldManager = "smm"

	// OwnerAnnotation names the resource on whose behalf an object was applied. Prune and removal
	// delete only objects whose annotation names the owner that asks for it.
	OwnerAnnotation = "smm.cisco.com/owned-by"

	// ManagedByLabel is the standard label that tells which tool manages an object.
	ManagedByLabel = "app.kubernetes.io/managed-by"

	// ManagedByValue is the product's value of ManagedByLabel.
	ManagedByValue = "smm"
)

// Owner is the resource on whose behalf objects are applied.
type Owner struct {
	Kind      string
	Namespace string
	Name      string
}

// String is the value of OwnerAnnotation: kind/namespace/name, or kind/name for a cluster-scoped owner.
func (o Owner) String() string {
	if o.Namespace == "" {
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + o.Namespace + "/" + o.Name
}

// Owns tells whether the object was applied on behalf of this owner.
func (o Owner) Owns(object *unstructured.Unstructured) bool {
	return object.GetAnnotations()[OwnerAnnotation] == o.String()
}

// mark stamps the object as applied on behalf of the owner.
func (o Owner) mark(object *unstructured.Unstructured) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[OwnerAnnotation] = o.String()
	object.SetAnnotations(annotations)

	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[ManagedByLabel] = ManagedByValue
	object.SetLabels(labels)
}

// Ref names one object of a cluster.
type Ref struct {
	Group     string
	Version   string
	Kind      string
	Namespace string
	Name      string
}

// RefOf names the given object.
func RefOf(object *unstructured.Unstructured) Ref {
	gvk := object.GroupVersionKind()
	return Ref{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Namespace: object.GetNamespace(), Name: object.GetName()}
}

// String is what users see: Kind namespace/name.
func (r Ref) String() string {
	if r.Namespace == "" {
		return fmt.Sprintf("%s %s", r.Kind, r.Name)
	}
	return fmt.Sprintf("%s %s/%s", r.Kind, r.Namespace, r.Name)
}

// GVK is the group, version and kind.
func (r Ref) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
}

// identity is the reference without the version: an object stays the same object when a newer
// version of its API is used.
func (r Ref) identity() Ref {
	r.Version = ""
	return r
}
