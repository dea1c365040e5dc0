package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ClusterState tells whether a cluster can be used from here.
//
// +kubebuilder:validation:Enum=Ready;Failed;Disabled;MissingAuthInfo;InvalidAuthInfo
type ClusterState string

// States of a cluster.
const (
	// ClusterStateReady: it is read from.
	ClusterStateReady ClusterState = "Ready"
	// ClusterStateFailed: it cannot be reached, or it is not the cluster that the resource says.
	ClusterStateFailed ClusterState = "Failed"
	// ClusterStateDisabled: an annotation says not to use it.
	ClusterStateDisabled ClusterState = "Disabled"
	// ClusterStateMissingAuthInfo: there are no credentials.
	ClusterStateMissingAuthInfo ClusterState = "MissingAuthInfo"
	// ClusterStateInvalidAuthInfo: the credentials are not accepted, or are none.
	ClusterStateInvalidAuthInfo ClusterState = "InvalidAuthInfo"
)

// ClusterType tells whether a cluster is the one that the resource is in.
//
// +kubebuilder:validation:Enum=Local;Peer
type ClusterType string

// Types of a cluster.
const (
	ClusterTypeLocal ClusterType = "Local"
	ClusterTypePeer  ClusterType = "Peer"
)

// ClusterConditionType names a condition of a cluster.
type ClusterConditionType string

// Conditions of a cluster.
const (
	// ClusterConditionLocalCluster: the cluster is the one that the resource is in.
	ClusterConditionLocalCluster ClusterConditionType = "LocalCluster"
	// ClusterConditionLocalConflict: two resources are for the same cluster.
	ClusterConditionLocalConflict ClusterConditionType = "LocalConflict"
	// ClusterConditionMetadata: what the status says of the cluster is known.
	ClusterConditionMetadata ClusterConditionType = "ClusterMetadataSet"
	// ClusterConditionReady: the cluster can be used from here.
	ClusterConditionReady ClusterConditionType = "Ready"
	// ClusterConditionSynced: resources are in sync: with the peer, or with all peers for the local cluster.
	ClusterConditionSynced ClusterConditionType = "ClustersSynced"
)

// Conditions of a peer, as the cluster that has the resource sees it.
const (
	// ClusterConditionCredential: the credential by which the peer is read from is valid; the message says until when.
	ClusterConditionCredential ClusterConditionType = "CredentialValid"
	// ClusterConditionEndpoints: this cluster's istiods say that they know the endpoints of the peer.
	ClusterConditionEndpoints ClusterConditionType = "EndpointsSynced"
	// ClusterConditionGateway: the peer's mesh expansion gateway answers from here, where networks differ.
	ClusterConditionGateway ClusterConditionType = "GatewayReachable"
	// ClusterConditionTrust: workloads of this cluster trust those of the peer.
	ClusterConditionTrust ClusterConditionType = "TrustShared"
)

// ClusterStatus is what is known about a cluster.
type ClusterStatus struct {
	// Whether the cluster can be used from here.
	// +optional
	State ClusterState `json:"state,omitempty"`
	// Why it cannot, empty when it can.
	// +optional
	Message string `json:"message,omitempty"`
	// Whether it is this cluster or a peer.
	// +optional
	Type ClusterType `json:"type,omitempty"`
	// Whether the cluster leads the group. Clusters have equal rights, none leads.
	// +optional
	Leader bool `json:"leader,omitempty"`

	ClusterMetadata `json:",inline"`

	// How the cluster gets on with each other cluster of the group, as it sees that itself.
	// +optional
	// +listType=map
	// +listMapKey=clusterID
	Pairings []ClusterPairing `json:"pairings,omitempty"`

	// Conditions in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []ClusterCondition `json:"conditions,omitempty"`
}

// ClusterPairing is what a cluster sees of another one.
type ClusterPairing struct {
	// UID of the other cluster's kube-system namespace.
	ClusterID string `json:"clusterID"`
	// Name of the other cluster.
	// +optional
	Cluster string `json:"cluster,omitempty"`
	// Whether the other cluster can be used from this one.
	// +optional
	State ClusterState `json:"state,omitempty"`
	// Why it cannot, empty when it can.
	// +optional
	Message string `json:"message,omitempty"`
	// Credential, endpoints, gateway and trust.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []ClusterCondition `json:"conditions,omitempty"`
}

// ClusterMetadata is what a cluster tells of itself.
type ClusterMetadata struct {
	// Provider of the machines: amazon, azure, google, vsphere, kind, cisco; empty for any other.
	// +optional
	Provider string `json:"provider,omitempty"`
	// Kubernetes distribution: EKS, GKE, AKS, PKE, KIND, IKS, OPENSHIFT, K3S, RKE2; empty for any other.
	// +optional
	Distribution string `json:"distribution,omitempty"`
	// Versions of the nodes' kube-proxies.
	// +optional
	// +listType=atomic
	KubeProxyVersions []string `json:"kubeProxyVersions,omitempty"`
	// Versions of the nodes' kubelets.
	// +optional
	// +listType=atomic
	KubeletVersions []string `json:"kubeletVersions,omitempty"`
	// Version of Kubernetes.
	// +optional
	Version string `json:"version,omitempty"`
	// Where the nodes are.
	// +optional
	Locality *Locality `json:"locality,omitempty"`
}

// Locality is where a cluster's nodes are, by their labels.
type Locality struct {
	// Regions, separated by commas.
	// +optional
	Region string `json:"region,omitempty"`
	// Regions, each once.
	// +optional
	// +listType=atomic
	Regions []string `json:"regions,omitempty"`
	// Zones, each once.
	// +optional
	// +listType=atomic
	Zones []string `json:"zones,omitempty"`
}

// ClusterCondition is one condition of a cluster.
type ClusterCondition struct {
	// Which condition.
	Type ClusterConditionType `json:"type"`
	// True, False or Unknown.
	Status corev1.ConditionStatus `json:"status"`
	// When the condition was written last.
	// +optional
	LastHeartbeatTime metav1.Time `json:"lastHeartbeatTime,omitzero"`
	// When the status changed last.
	// +optional
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitzero"`
	// Why, as one word.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Why, for people.
	// +optional
	Message string `json:"message,omitempty"`
}
