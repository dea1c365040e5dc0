package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// IstioMeshGateway is an ingress or egress gateway of a mesh. Deployment and Service have its name.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=istiomeshgateways,shortName=imgw;istiomgw
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`,description="Type of the gateway"
// +kubebuilder:printcolumn:name="Service Type",type=string,JSONPath=`.spec.service.type`,description="Type of the Service"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.Status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Ingress IPs",type=string,JSONPath=`.status.GatewayAddress`,description="Addresses of the gateway"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.ErrorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Control Plane",type=string,JSONPath=`.spec.istioControlPlane`,description="Control plane of the gateway"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 63",message="the name becomes that of a Service: at most 63 lower case letters, digits and '-', the first a letter"
type IstioMeshGateway struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec IstioMeshGatewaySpec `json:"spec"`
	// +optional
	Status IstioMeshGatewayStatus `json:"status,omitzero"`
}

// IstioMeshGatewayList is a list of IstioMeshGateways.
//
// +kubebuilder:object:root=true
type IstioMeshGatewayList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IstioMeshGateway `json:"items"`
}

// GatewayType is the direction of a gateway.
//
// +kubebuilder:validation:Enum=ingress;egress
type GatewayType string

// Directions of a gateway.
const (
	// GatewayTypeIngress admits traffic into the mesh.
	GatewayTypeIngress GatewayType = "ingress"
	// GatewayTypeEgress lets traffic out of the mesh.
	GatewayTypeEgress GatewayType = "egress"
)

// IstioMeshGatewaySpec is the wanted gateway.
type IstioMeshGatewaySpec struct {
	// Deployment of the gateway.
	// +optional
	Deployment *WorkloadConfig `json:"deployment,omitempty"`
	// Service of the gateway.
	Service GatewayService `json:"service"`
	// Whether the gateway runs as root, which ports under 1024 need.
	// +optional
	RunAsRoot *bool `json:"runAsRoot,omitempty"`
	// Direction of the gateway: ingress or egress.
	Type GatewayType `json:"type"`
	// IstioControlPlane that configures the gateway. Changing it upgrades the gateway.
	IstioControlPlane metav1alpha1.NamespacedName `json:"istioControlPlane"`
	// Patches of the rendered objects, for what no other field expresses. Applied in order.
	// +optional
	// +listType=atomic
	K8sResourceOverlays []K8sResourceOverlay `json:"k8sResourceOverlays,omitempty"`
}

// GatewayService is a Service with at least one port and a type.
//
// +kubebuilder:validation:XValidation:rule="has(self.type)",message="type is required"
// +kubebuilder:validation:XValidation:rule="has(self.ports) && size(self.ports) > 0",message="ports needs at least one entry"
type GatewayService struct {
	ServiceConfig `json:",inline"`
}

// IstioMeshGatewayStatus is what is known about a gateway. Its fields are spelled with a capital letter, as they
// always have been.
type IstioMeshGatewayStatus struct {
	// State of the last reconciliation: Reconciling, Available, ReconcileFailed or Unmanaged.
	// +optional
	Status ConfigState `json:"Status,omitempty"`
	// Addresses of the gateway.
	// +optional
	// +listType=atomic
	GatewayAddress []string `json:"GatewayAddress,omitempty"`
	// Why the last reconciliation failed, empty when it did not.
	// +optional
	ErrorMessage string `json:"ErrorMessage,omitempty"`
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
func (in *IstioMeshGateway) StatusConditions() *[]metav1.Condition { return &in.Status.Conditions }
