package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// Cluster is a Kubernetes cluster of the group. Each cluster of the group has one for itself and one for each peer.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=clusters
// +kubebuilder:printcolumn:name="ID",type=string,JSONPath=`.spec.clusterID`,description="UID of the cluster's kube-system namespace",priority=1
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.state`,description="Whether the cluster can be used from here"
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.status.type`,description="Whether it is this cluster or a peer"
// +kubebuilder:printcolumn:name="Synced",type=string,JSONPath=`.status.conditions[?(@.type=="ClustersSynced")].status`,description="Whether resources are in sync"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,description="Version of Kubernetes",priority=1
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.status.provider`,description="Provider of the machines",priority=1
// +kubebuilder:printcolumn:name="Distribution",type=string,JSONPath=`.status.distribution`,description="Kubernetes distribution",priority=1
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.status.locality.region`,description="Regions of the nodes",priority=1
// +kubebuilder:printcolumn:name="Status Message",type=string,JSONPath=`.status.message`,description="Why the cluster cannot be used",priority=1
// +kubebuilder:printcolumn:name="Sync Message",type=string,JSONPath=`.status.conditions[?(@.type=="ClustersSynced")].message`,description="What is not in sync",priority=1
type Cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ClusterSpec `json:"spec,omitzero"`
	// +optional
	Status ClusterStatus `json:"status,omitzero"`
}

// ClusterList is a list of Clusters.
//
// +kubebuilder:object:root=true
type ClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Cluster `json:"items"`
}

// ClusterSpec says which cluster it is and how it is reached.
type ClusterSpec struct {
	// UID of the cluster's kube-system namespace, which no other cluster has.
	// +kubebuilder:validation:MinLength=1
	ClusterID string `json:"clusterID"`
	// Where the credentials are by which others read from the cluster.
	// +optional
	AuthInfo AuthInfo `json:"authInfo,omitzero"`
	// Addresses of the cluster's API server, where they differ from that in the credentials.
	// +optional
	// +listType=atomic
	KubernetesAPIEndpoints []KubernetesAPIEndpoint `json:"kubernetesApiEndpoints,omitempty"`
}

// AuthInfo says where credentials are.
type AuthInfo struct {
	// Secret of type k8s.cisco.com/cluster-registry-secret with a kubeconfig under the key kubeconfig.
	// +optional
	SecretRef metav1alpha1.NamespacedName `json:"secretRef,omitzero"`
}

// KubernetesAPIEndpoint is an address of a cluster's API server.
type KubernetesAPIEndpoint struct {
	// Network of the clients that use this address. Clients of networks that no other endpoint names use it when
	// not set.
	// +optional
	ClientNetwork string `json:"clientNetwork,omitempty"`
	// Host name or IP address, with or without a port.
	// +optional
	ServerAddress string `json:"serverAddress,omitempty"`
	// Certificates of the authorities that may have signed the server's certificate, PEM encoded. Those of the
	// credentials when not set.
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`
}
