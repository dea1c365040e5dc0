// Package v3alpha1 holds the front door of Mspider in the API group discovery.mspider.io: GlobalMesh and MeshCluster.
//
// +kubebuilder:object:generate=true
// +groupName=discovery.mspider.io
package v3alpha1
