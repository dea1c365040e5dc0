package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Toggle switches something on or off.
type Toggle struct {
	// Whether it is on.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// Image is a container image.
type Image struct {
	// Name of the image with its registry, without its tag.
	// +optional
	Repository string `json:"repository,omitempty"`
	// Tag of the image.
	// +optional
	Tag string `json:"tag,omitempty"`
	// When the node pulls the image.
	// +optional
	// +kubebuilder:validation:Enum=Always;Never;IfNotPresent
	PullPolicy corev1.PullPolicy `json:"pullPolicy,omitempty"`
}

// Container holds the settings of one container.
type Container struct {
	// Image of the container.
	// +optional
	Image *Image `json:"image,omitempty"`
	// Resources of the container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// Component holds the settings that components and their parts have in common.
type Component struct {
	Container `json:",inline"`

	// Whether it is installed. What is switched off is removed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Logging of its program.
	// +optional
	Log *LogConfig `json:"log,omitempty"`
	// Values, as an object or as YAML text, that are merged over its other settings.
	// +optional
	ValuesOverride *apiextensionsv1.JSON `json:"valuesOverride,omitempty"`
}

// NamespacedComponent is a component with a namespace of its own.
type NamespacedComponent struct {
	Component `json:",inline"`

	// Namespace of the component.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}
