// Package v1alpha1 holds the types that the resources of several API groups share.
//
// +kubebuilder:object:generate=true
package v1alpha1
