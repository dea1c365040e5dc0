package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PeerIstioControlPlane is this cluster's copy of an IstioControlPlane of another cluster of the mesh. It is written
// by the synchronisation between clusters and only read here.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=peeristiocontrolplanes,shortName=picp
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`,description="Mode of the control plane"
// +kubebuilder:printcolumn:name="Network",type=string,JSONPath=`.spec.networkName`,description="Network of the cluster"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Mesh Expansion",type=boolean,JSONPath=`.spec.meshExpansion.enabled`,description="Whether the mesh reaches beyond that cluster"
// +kubebuilder:printcolumn:name="Expansion GW IPs",type=string,JSONPath=`.status.gatewayAddress`,description="Addresses of the mesh expansion gateway"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.errorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PeerIstioControlPlane struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec IstioControlPlaneSpec `json:"spec,omitzero"`
	// +optional
	Status IstioControlPlaneStatus `json:"status,omitzero"`
}

// PeerIstioControlPlaneList is a list of PeerIstioControlPlanes.
//
// +kubebuilder:object:root=true
type PeerIstioControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PeerIstioControlPlane `json:"items"`
}
