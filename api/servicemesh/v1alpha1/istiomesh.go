package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IstioMesh holds the settings that all control planes of a mesh inherit: those of its namespace whose meshID is
// this resource's name.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=istiomeshes,shortName=imesh;im
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.errorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type IstioMesh struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec IstioMeshSpec `json:"spec,omitzero"`
	// +optional
	Status IstioMeshStatus `json:"status,omitzero"`
}

// IstioMeshList is a list of IstioMeshes.
//
// +kubebuilder:object:root=true
type IstioMeshList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IstioMesh `json:"items"`
}

// IstioMeshSpec holds the settings of a mesh.
type IstioMeshSpec struct {
	// Mesh-wide settings of Istio, in the form of Istio's MeshConfig.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Config *apiextensionsv1.JSON `json:"config,omitempty"`
}

// IstioMeshStatus is what is known about a mesh.
type IstioMeshStatus struct {
	// State of the last reconciliation: Reconciling, Available, ReconcileFailed or Unmanaged.
	// +optional
	Status ConfigState `json:"status,omitempty"`
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
}
