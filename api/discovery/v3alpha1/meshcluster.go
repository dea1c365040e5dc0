package v3alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MeshCluster is a cluster, by its name in the cluster registry, and the meshes that it is in.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=meshclusters
// +kubebuilder:printcolumn:name="Mesh",type=string,JSONPath=`.status.mesh`,description="Mesh that the cluster is in"
// +kubebuilder:printcolumn:name="Network",type=string,JSONPath=`.status.network`,description="Network of the cluster"
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`,description="Whether the cluster is connected"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MeshCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec MeshClusterSpec `json:"spec,omitzero"`
	// +optional
	Status MeshClusterStatus `json:"status,omitzero"`
}

// MeshClusterList is a list of MeshClusters.
//
// +kubebuilder:object:root=true
type MeshClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MeshCluster `json:"items"`
}

// MeshClusterSpec says which meshes a cluster is in.
type MeshClusterSpec struct {
	// Meshes that the cluster is in, each with its parameters.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	MeshedParams []MeshedParams `json:"meshedParams,omitempty"`
}

// MeshedParams are the parameters of a cluster in one mesh.
type MeshedParams struct {
	// Parameters: global.meshID, global.clusterRole, istio.custom_params.values.global.network and others.
	// +optional
	Params map[string]string `json:"params,omitempty"`
}

// ClusterPhase is the state of a cluster in a mesh.
type ClusterPhase string

// Phases of a cluster.
const (
	// ClusterConnecting: it is not part of the mesh yet; the Ready condition says what is waited for.
	ClusterConnecting ClusterPhase = "Connecting"
	// ClusterConnected: it is part of the mesh.
	ClusterConnected ClusterPhase = "Connected"
	// ClusterDisconnected: it is part of the mesh and does not answer now.
	ClusterDisconnected ClusterPhase = "Disconnected"
)

// MeshClusterStatus is what is known about a cluster in the cluster that the resource is in.
type MeshClusterStatus struct {
	// State of the cluster: Connecting, Connected or Disconnected.
	// +optional
	Phase ClusterPhase `json:"phase,omitempty"`
	// Mesh that the cluster is in.
	// +optional
	Mesh string `json:"mesh,omitempty"`
	// Network of the cluster.
	// +optional
	Network string `json:"network,omitempty"`
	// Conditions in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
}

// StatusConditions are the conditions, for what all kinds have in common.
func (c *MeshCluster) StatusConditions() *[]metav1.Condition { return &c.Status.Conditions }
