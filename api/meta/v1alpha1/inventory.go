package v1alpha1

import "k8s.io/apimachinery/pkg/runtime/schema"

// InventoryEntry identifies one object that a custom resource made. The list of them in the resource's
// status tells what to remove when a later version of the resource no longer contains an object.
type InventoryEntry struct {
	// API group of the object, empty for the core group.
	// +optional
	Group string `json:"group,omitempty"`
	// API version that the object was applied with, without the group.
	Version string `json:"version"`
	// Kind of the object.
	Kind string `json:"kind"`
	// Namespace of the object, empty when its kind is cluster scoped.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Name of the object.
	Name string `json:"name"`
}

// GroupVersionKind returns the kind under which the object was applied.
func (e InventoryEntry) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: e.Group, Version: e.Version, Kind: e.Kind}
}
