package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// ConfigState is the outcome of the last reconciliation.
//
// +kubebuilder:validation:Enum="";Reconciling;Available;ReconcileFailed;Unmanaged
type ConfigState string

// States of a resource.
const (
	// ConfigStateReconciling: the objects are being applied or not all of them are ready yet.
	ConfigStateReconciling ConfigState = "Reconciling"
	// ConfigStateAvailable: everything is applied and ready.
	ConfigStateAvailable ConfigState = "Available"
	// ConfigStateReconcileFailed: the last attempt failed; errorMessage says why.
	ConfigStateReconcileFailed ConfigState = "ReconcileFailed"
	// ConfigStateUnmanaged: nobody reconciles the resource; a condition says why.
	ConfigStateUnmanaged ConfigState = "Unmanaged"
)

// ConditionIstiodReady tells whether the istiod that runs is the one that the spec asks for, so that pods get from it
// what they should. It comes before the control plane is Available, which takes the mesh expansion gateway too.
const ConditionIstiodReady = "IstiodReady"

// ConditionInUse tells that a deleted control plane stays until nobody uses it any more; its message says who does.
const ConditionInUse = "InUse"

// AnnotationForceDeletion on an IstioControlPlane, with the value "true", lets it be deleted although it is in use.
// Proxies that it serves go on with the configuration that they have until their certificates expire, and pods that
// it would inject start without a proxy.
const AnnotationForceDeletion = "servicemesh.cisco.com/force-deletion"

// IstioControlPlaneStatus is what is known about a control plane.
type IstioControlPlaneStatus struct {
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
	// Identity of the cluster in the mesh.
	// +optional
	ClusterID string `json:"clusterID,omitempty"`
	// Name of the IstioControlPlane that this status is of; in a peer's copy, the name in its own cluster.
	// +optional
	IstioControlPlaneName string `json:"istioControlPlaneName,omitempty"`
	// Addresses of the mesh expansion gateway.
	// +optional
	// +listType=atomic
	GatewayAddress []string `json:"gatewayAddress,omitempty"`
	// Addresses of the istiod pods.
	// +optional
	// +listType=atomic
	IstiodAddresses []string `json:"istiodAddresses,omitempty"`
	// Namespaces whose pods get a proxy of this control plane.
	// +optional
	// +listType=atomic
	InjectionNamespaces []string `json:"injectionNamespaces,omitempty"`
	// Root certificate of the certificate authority, PEM encoded.
	// +optional
	CARootCertificate string `json:"caRootCertificate,omitempty"`
	// MeshConfig in effect, after merging the IstioMesh and the spec.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	MeshConfig *apiextensionsv1.JSON `json:"meshConfig,omitempty"`
	// Checksums by which it is known which proxies run with older settings.
	// +optional
	Checksums *ConfigChecksums `json:"checksums,omitempty"`
	// Objects that were applied for this resource.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}

// ConfigChecksums are checksums of what proxies are started with.
type ConfigChecksums struct {
	// SHA-256 of the MeshConfig in effect, in hexadecimal.
	// +optional
	MeshConfig string `json:"meshConfig,omitempty"`
	// SHA-256 of the injection templates and values, in hexadecimal.
	// +optional
	SidecarInjector string `json:"sidecarInjector,omitempty"`
}
