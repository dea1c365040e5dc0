package v1alpha1

import corev1 "k8s.io/api/core/v1"

// ChartSource is a place that has Istio's Helm charts, beside those that the product brings.
type ChartSource struct {
	// Name by which messages call the source.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	Name string `json:"name"`
	// URL of a Helm repository (https://, http://), of the folder of an OCI registry in which the charts are (oci://), or
	// of a directory (an absolute path or file:///) where the reconciler runs. It holds no credentials.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?://|oci://|file:///|/).*$`
	URL string `json:"url"`
	// Secret of the product's namespace with what the source asks for: username and password, token (a bearer token), or
	// .dockerconfigjson; and ca.crt, certificates of authorities that are trusted for it.
	// +optional
	SecretRef *corev1.LocalObjectReference `json:"secretRef,omitempty"`
	// Whether credentials may be sent, and an OCI registry be reached, without encryption.
	// +optional
	PlainHTTP bool `json:"plainHTTP,omitempty"`
	// Checksums that packaged charts must have, beside those that the source itself gives.
	// +optional
	// +listType=atomic
	Checksums []ChartChecksum `json:"checksums,omitempty"`
}

// ChartChecksum is the checksum of one packaged chart.
type ChartChecksum struct {
	// Name of the chart.
	// +kubebuilder:validation:Enum=base;istiod;cni;gateway
	Chart string `json:"chart"`
	// Version of the chart, which is Istio's.
	// +kubebuilder:validation:MinLength=1
	Version string `json:"version"`
	// SHA-256 sum of the packaged chart, in hexadecimal digits.
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	SHA256 string `json:"sha256"`
}
