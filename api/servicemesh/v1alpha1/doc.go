// Package v1alpha1 holds the building blocks of a mesh in the API group servicemesh.cisco.com:
// IstioControlPlane, IstioMesh, IstioMeshGateway and PeerIstioControlPlane.
//
// +kubebuilder:object:generate=true
// +groupName=servicemesh.cisco.com
package v1alpha1
