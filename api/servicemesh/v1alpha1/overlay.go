package v1alpha1

import metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"

// K8sResourceOverlay patches one rendered object, or all of a kind.
type K8sResourceOverlay struct {
	// Kind of the objects to patch. Any when not set.
	// +optional
	GroupVersionKind *GroupVersionKind `json:"groupVersionKind,omitempty"`
	// Name and namespace of the object to patch. Without it, all objects of the kind.
	// +optional
	ObjectKey *metav1alpha1.NamespacedName `json:"objectKey,omitempty"`
	// Patches, applied in order. The kind, name and namespace of an object cannot be changed.
	// +optional
	// +listType=atomic
	Patches []OverlayPatch `json:"patches,omitempty"`
}

// GroupVersionKind names a kind.
type GroupVersionKind struct {
	// Kind, such as Deployment.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Version, such as v1.
	// +optional
	Version string `json:"version,omitempty"`
	// API group, such as apps. Any when not set.
	// +optional
	Group string `json:"group,omitempty"`
}

// OverlayPatchType is what a patch does.
//
// +kubebuilder:validation:Enum=replace;remove
type OverlayPatchType string

// What a patch does.
const (
	// OverlayPatchReplace sets the value at the path.
	OverlayPatchReplace OverlayPatchType = "replace"
	// OverlayPatchRemove removes what is at the path.
	OverlayPatchRemove OverlayPatchType = "remove"
)

// OverlayPatch changes one place of an object.
type OverlayPatch struct {
	// Path such as /spec/template/spec/containers/0/args/-. A part of it is a field's name, an item's index
	// (from the end when negative) or an item's field=value, such as name=discovery; a last part - is the place
	// after a list's last item. ~1 stands for a / in a name. What a path names has to exist, unless a part of it
	// ends with ?: from there on, replace makes what is missing, and remove has nothing to do.
	// +optional
	Path string `json:"path,omitempty"`
	// Value to set. A string, unless parseValue is true.
	// +optional
	Value string `json:"value,omitempty"`
	// Whether the value is YAML that is parsed before it is set.
	// +optional
	ParseValue bool `json:"parseValue,omitempty"`
	// What the patch does. replace when not set.
	// +optional
	Type OverlayPatchType `json:"type,omitempty"`
}
