package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// DemoApplication is the demo application in this resource's namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=demoapplications
// +kubebuilder:printcolumn:name="Enabled",type=boolean,JSONPath=`.spec.enabled`,description="Whether it is installed"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.errorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type DemoApplication struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec DemoApplicationSpec `json:"spec,omitzero"`
	// +optional
	Status DemoApplicationStatus `json:"status,omitzero"`
}

// DemoApplicationList is a list of DemoApplications.
//
// +kubebuilder:object:root=true
type DemoApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []DemoApplication `json:"items"`
}

// DemoComponent is one service of the demo application.
//
// +kubebuilder:validation:Enum=frontpage;catalog;bookings;postgresql;payments;notifications;movies;analytics;database;mysql
type DemoComponent string

// DemoApplicationSpec is the wanted demo application.
type DemoApplicationSpec struct {
	// Whether the application is installed. True when not set.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// ControlPlane that the application belongs to.
	// +optional
	ControlPlaneRef *ControlPlaneReference `json:"controlPlaneRef,omitempty"`
	// Services to install. All when not set.
	// +optional
	// +listType=atomic
	EnabledComponents []DemoComponent `json:"enabledComponents,omitempty"`
	// Number of pods of each service.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// Resources of each service's container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Whether the number of pods follows the load.
	// +optional
	Autoscaling *Toggle `json:"autoscaling,omitempty"`
	// Control plane whose proxies the services have.
	// +optional
	Istio *IstioRevision `json:"istio,omitempty"`
	// Whether the application's Istio resources are installed.
	// +optional
	DeployIstioResources *bool `json:"deployIstioResources,omitempty"`
	// Whether the application's service level objectives are installed.
	// +optional
	DeploySLOResources *bool `json:"deploySLOResources,omitempty"`
	// Generated load.
	// +optional
	Load *DemoLoad `json:"load,omitempty"`
	// Image of the services. The product's own when not set.
	// +optional
	Image string `json:"image,omitempty"`
	// Whether the services speak gRPC over xDS themselves instead of HTTP through a sidecar. When not set, they do
	// where a node has the label smm.cisco.com/proxyless=true.
	// +optional
	Proxyless *bool `json:"proxyless,omitempty"`
}

// Conditions of a DemoApplication beside Ready.
const (
	// ConditionSLOResources tells what has become of spec.deploySLOResources. It is absent where that is not set.
	ConditionSLOResources = "SLOResources"
)

// ControlPlaneReference refers to a ControlPlane.
type ControlPlaneReference struct {
	// Name of the ControlPlane.
	// +optional
	Name string `json:"name,omitempty"`
}

// DemoLoad is load that swings between two rates.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minRPS) || !has(self.maxRPS) || self.minRPS <= self.maxRPS",message="maxRPS must not be less than minRPS"
type DemoLoad struct {
	// Whether load is generated.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Lowest rate, in requests per second.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinRPS *int32 `json:"minRPS,omitempty"`
	// Highest rate, in requests per second.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxRPS *int32 `json:"maxRPS,omitempty"`
	// Time from one highest rate to the next, in nanoseconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SwingPeriod *int64 `json:"swingPeriod,omitempty"`
}

// DemoApplicationStatus is what is known about a demo application.
type DemoApplicationStatus struct {
	// State of the last reconciliation: Reconciling, Succeeded, Failed or Unmanaged.
	// +optional
	Status ReconcileStatus `json:"status,omitempty"`
	// Why the last reconciliation failed, empty when it did not.
	// +optional
	ErrorMessage string `json:"errorMessage,omitempty"`
	// Conditions in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Objects that were applied for this resource.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}

// StatusConditions are the conditions in the status, to be read and changed.
func (in *DemoApplication) StatusConditions() *[]metav1.Condition { return &in.Status.Conditions }
