package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// Phase is the state of a mesh in a cluster.
type Phase string

// Phases of a mesh.
const (
	PhaseDeploying Phase = "Deploying"
	PhaseDeployed  Phase = "Deployed"
	PhaseFailed    Phase = "Failed"
	PhaseDeleting  Phase = "Deleting"
)

// ConditionUnsupported names the settings and components that have no effect.
const ConditionUnsupported = "UnsupportedFields"

// ServiceMeshStatus is what is known about a mesh in a cluster.
type ServiceMeshStatus struct {
	// What is being done; empty when nothing is.
	// +optional
	State string `json:"state,omitempty"`
	// State of all clusters of the mesh that are known here.
	// +optional
	SynthesisPhase Phase `json:"synthesisPhase,omitempty"`
	// State of this cluster.
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// Version of Istio that runs.
	// +optional
	Version string `json:"version,omitempty"`
	// Version of Istio that is asked for.
	// +optional
	DesiredVersion string `json:"desiredVersion,omitempty"`
	// Value of the label istio.io/rev of the mesh's namespaces.
	// +optional
	Revision string `json:"revision,omitempty"`
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
	// Objects that were made for the mesh.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}

// StatusConditions are the conditions, for what all kinds have in common.
func (m *ServiceMesh) StatusConditions() *[]metav1.Condition { return &m.Status.Conditions }
