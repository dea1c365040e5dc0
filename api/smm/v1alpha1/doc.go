// Package v1alpha1 holds the product's own resources in the API group smm.cisco.com: ControlPlane and
// DemoApplication.
//
// +kubebuilder:object:generate=true
// +groupName=smm.cisco.com
package v1alpha1
