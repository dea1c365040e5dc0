// Package v1alpha1 holds the front door of Alauda Service Mesh in the API group asm.alauda.io: ServiceMesh.
//
// +kubebuilder:object:generate=true
// +groupName=asm.alauda.io
package v1alpha1
