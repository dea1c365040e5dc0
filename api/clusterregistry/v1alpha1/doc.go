// Package v1alpha1 holds the resources by which the clusters of a mesh know each other and keep resources in sync.
//
// +kubebuilder:object:generate=true
// +groupName=clusterregistry.k8s.cisco.com
package v1alpha1
