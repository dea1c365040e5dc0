package v1alpha1

import corev1 "k8s.io/api/core/v1"

// What marks objects that are kept in sync between clusters.
const (
	// OwnershipAnnotation is on every copy and names the cluster, by its ID, that the original is in. Copies have a
	// label of the same name.
	OwnershipAnnotation = "cluster-registry.k8s.cisco.com/resource-owner-cluster-id"
	// OriginalGVKAnnotation is on copies of another kind than their original: group/version, Kind=kind of it.
	OriginalGVKAnnotation = "cluster-registry.k8s.cisco.com/original-group-version-kind"
	// OriginalNameAnnotation is on copies with another name than their original.
	OriginalNameAnnotation = "cluster-registry.k8s.cisco.com/original-name"
	// OriginalNamespaceAnnotation is on copies in another namespace than their original.
	OriginalNamespaceAnnotation = "cluster-registry.k8s.cisco.com/original-namespace"
	// SyncDisabledAnnotation keeps an object from being copied to other clusters, and a copy from being changed.
	SyncDisabledAnnotation = "cluster-registry.k8s.cisco.com/resource-sync-disabled"
	// ClusterDisabledAnnotation on a Cluster keeps its cluster from being used.
	ClusterDisabledAnnotation = "cluster-registry.k8s.cisco.com/cluster-disabled"
	// DismissedAnnotation on a cluster's own Cluster lists those that were taken out of the group although they did not
	// answer, each as ID=time and separated by commas. All that know such a cluster from before that time forget it.
	DismissedAnnotation = "cluster-registry.k8s.cisco.com/dismissed-clusters"
	// CoreResourceLabel is on the rules and the feature by which clusters learn of each other.
	CoreResourceLabel = "cluster-registry-controller.k8s.cisco.com/core-sync-resource"
	// CoreResourcesSourceFeature is the feature of clusters that others learn of clusters from.
	CoreResourcesSourceFeature = "cluster-registry-core-resources-source"
)

// Labels of ClusterRoles that extend what is synchronised.
const (
	// ReaderAggregatedLabel on a ClusterRole lets peers read what it allows.
	ReaderAggregatedLabel = "cluster-registry.k8s.cisco.com/reader-aggregated"
	// ControllerAggregatedLabel on a ClusterRole lets the cluster's own controller do what it allows.
	ControllerAggregatedLabel = "cluster-registry.k8s.cisco.com/controller-aggregated"
)

const (
	// SecretTypeClusterRegistry is the type of Secrets with the credentials of a cluster.
	SecretTypeClusterRegistry corev1.SecretType = "k8s.cisco.com/cluster-registry-secret"
	// KubeconfigKey is the key of the kubeconfig in such a Secret.
	KubeconfigKey = "kubeconfig"
)
