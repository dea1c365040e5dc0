package v3alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// MeshPhase is the state of a mesh.
type MeshPhase string

// Phases of a mesh.
const (
	MeshCreating MeshPhase = "Creating"
	MeshRunning  MeshPhase = "Running"
	MeshFailed   MeshPhase = "Failed"
	MeshDeleting MeshPhase = "Deleting"
)

const (
	// ConditionUnsupported names the settings and parameters that have no effect.
	ConditionUnsupported = "UnsupportedFields"
	// ConditionExposed tells whether the hosted control plane has an address for worker clusters.
	ConditionExposed = "ControlPlaneExposed"
)

// GlobalMeshStatus is what is known about a mesh in the cluster that the resource is in.
type GlobalMeshStatus struct {
	// State of the mesh: Creating, Running, Failed or Deleting.
	// +optional
	Phase MeshPhase `json:"phase,omitempty"`
	// Version of Istio that runs.
	// +optional
	MeshVersion string `json:"meshVersion,omitempty"`
	// Namespace of the control plane.
	// +optional
	DeployNamespace string `json:"deployNamespace,omitempty"`
	// Conditions in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Objects that were made for the mesh in this cluster.
	// +optional
	// +listType=atomic
	Inventory []metav1alpha1.InventoryEntry `json:"inventory,omitempty"`
}

// StatusConditions are the conditions, for what all kinds have in common.
func (m *GlobalMesh) StatusConditions() *[]metav1.Condition { return &m.Status.Conditions }
