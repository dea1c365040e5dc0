package v1alpha1

// NamespacedName refers to an object of a known kind.
type NamespacedName struct {
	// Name of the object.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}
