package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Names of components that are parts of Istio.
const (
	ComponentIstiod   = "istiod"
	ComponentCNI      = "istioCni"
	ComponentEastWest = "eastwestGateways"
	ComponentIngress  = "tier2ingressGateways"
)

// ComponentConfig holds the settings of one component.
type ComponentConfig struct {
	// Name of the component: istiod, istioCni, eastwestGateways, tier2ingressGateways or another one.
	Name string `json:"name"`
	// What the component belongs to: istio, controller or tracer.
	// +optional
	Group string `json:"group,omitempty"`
	// Number of pods without an autoscaler.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReplicaCount *int32 `json:"replicaCount,omitempty"`
	// Resources of the component's container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Autoscaler.
	// +optional
	HPASpec *HPASpec `json:"hpaSpec,omitempty"`
	// How the component's pods are placed: FixedRequired keeps them on the nodes that affinity names.
	// +optional
	DeployMode string `json:"deployMode,omitempty"`
	// Further settings of the component.
	// +optional
	// +nullable
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`
	// Affinity of the pods.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Settings of the CNI plugin.
	// +optional
	CNI *CNI `json:"cni,omitempty"`
}

// HPASpec is an autoscaler.
type HPASpec struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxReplicas *int32 `json:"maxReplicas,omitempty"`
	// CPU use that it aims at, in percent of the requested CPU.
	// +optional
	// +kubebuilder:validation:Minimum=1
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`
}
