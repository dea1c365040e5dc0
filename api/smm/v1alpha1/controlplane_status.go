package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// ReconcileStatus is the outcome of the last reconciliation of a resource as a whole.
//
// +kubebuilder:validation:Enum="";Reconciling;Succeeded;Failed;Unmanaged
type ReconcileStatus string

// Outcomes of reconciling a resource.
const (
	// StatusReconciling: at least one component is not in its wanted state yet.
	StatusReconciling ReconcileStatus = "Reconciling"
	// StatusSucceeded: every component is in its wanted state.
	StatusSucceeded ReconcileStatus = "Succeeded"
	// StatusFailed: at least one component failed.
	StatusFailed ReconcileStatus = "Failed"
	// StatusUnmanaged: nobody reconciles the resource; a condition says why.
	StatusUnmanaged ReconcileStatus = "Unmanaged"
)

// ComponentState is the state of one component.
//
// +kubebuilder:validation:Enum="";Available;Reconciling;Failed;Removed;Unmanaged
type ComponentState string

// States of a component.
const (
	// ComponentAvailable: installed and ready.
	ComponentAvailable ComponentState = "Available"
	// ComponentReconciling: being installed, changed or removed.
	ComponentReconciling ComponentState = "Reconciling"
	// ComponentFailed: the last attempt failed; the message says why.
	ComponentFailed ComponentState = "Failed"
	// ComponentRemoved: switched off, and nothing of it is left.
	ComponentRemoved ComponentState = "Removed"
	// ComponentUnmanaged: nobody installs it; the message says why.
	ComponentUnmanaged ComponentState = "Unmanaged"
)

// Names of components in status.components.
const (
	ComponentCertManager     = "certManager"
	ComponentClusterRegistry = "clusterRegistry"
	ComponentMeshManager     = "meshManager"
	ComponentNodeExporter    = "nodeExporter"
	ComponentRegistryAccess  = "registryAccess"
	ComponentOneEye          = "oneEye"
	ComponentSMM             = "smm"
)

// Names of the parts of smm in status.components.
const (
	ComponentALS                       = "als"
	ComponentApplication               = "application"
	ComponentAuth                      = "auth"
	ComponentExposeDashboard           = "exposeDashboard"
	ComponentFederationGateway         = "federationGateway"
	ComponentFederationGatewayOperator = "federationGatewayOperator"
	ComponentGrafana                   = "grafana"
	ComponentHealth                    = "health"
	ComponentKubeStateMetrics          = "kubestatemetrics"
	ComponentLeo                       = "leo"
	ComponentPrometheus                = "prometheus"
	ComponentPrometheusOperator        = "prometheusOperator"
	ComponentSDM                       = "sdm"
	ComponentSRE                       = "sre"
	ComponentTracing                   = "tracing"
	ComponentVMIntegration             = "vmIntegration"
	ComponentWeb                       = "web"
)

// ControlPlaneStatus is what is known about an installation.
type ControlPlaneStatus struct {
	// State of the last reconciliation: Reconciling, Succeeded, Failed or Unmanaged.
	// +optional
	Status ReconcileStatus `json:"status,omitempty"`
	// Why the last reconciliation failed, empty when it did not.
	// +optional
	ErrorMessage string `json:"errorMessage,omitempty"`
	// State of each component, by its name.
	// +optional
	Components map[string]ComponentStatus `json:"components,omitempty"`
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
	// Objects that were applied for this resource.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}

// ComponentStatus is the state of one component.
type ComponentStatus struct {
	// State of the component: Available, Reconciling, Failed, Removed or Unmanaged.
	// +optional
	Status ComponentState `json:"status,omitempty"`
	// Why the component is in this state.
	// +optional
	Message string `json:"message,omitempty"`
	// Objects that were applied for the component.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}
