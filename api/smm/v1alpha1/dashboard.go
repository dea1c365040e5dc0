package v1alpha1

import corev1 "k8s.io/api/core/v1"

// ExposeDashboard says how the dashboard is reached from outside the cluster.
type ExposeDashboard struct {
	// A gateway of the mesh for the dashboard.
	// +optional
	MeshGateway *DashboardGateway `json:"meshGateway,omitempty"`
}

// DashboardGateway holds the settings of the dashboard's gateway.
type DashboardGateway struct {
	// Whether the gateway is installed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Service of the gateway.
	// +optional
	Service *DashboardService `json:"service,omitempty"`
	// Encryption of the connections.
	// +optional
	TLS *DashboardTLS `json:"tls,omitempty"`
}

// DashboardService holds the settings of the dashboard gateway's Service.
type DashboardService struct {
	// Annotations of the Service.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
	// How the Service is exposed. LoadBalancer when not set.
	// +optional
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	Type corev1.ServiceType `json:"type,omitempty"`
	// Ports on the nodes.
	// +optional
	NodePorts *DashboardNodePorts `json:"nodePorts,omitempty"`
}

// DashboardNodePorts are the ports on the nodes. Kubernetes chooses those that are not set.
type DashboardNodePorts struct {
	// Port for HTTP.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HTTP int32 `json:"http,omitempty"`
	// Port for HTTPS.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HTTPS int32 `json:"https,omitempty"`
}

// DashboardTLS holds the settings of encryption.
type DashboardTLS struct {
	// Whether the gateway has a port for HTTPS.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Whether the load balancer decrypts, so that the gateway's port for HTTPS gets plain HTTP.
	// +optional
	ExternalTermination *bool `json:"externalTermination,omitempty"`
	// Secret with the certificate and its key.
	// +optional
	CredentialName string `json:"credentialName,omitempty"`
	// Certificate by an ACME authority.
	// +optional
	LetsEncrypt *LetsEncrypt `json:"letsEncrypt,omitempty"`
}

// LetsEncrypt holds the settings of a certificate by an ACME authority.
type LetsEncrypt struct {
	// Whether the certificate is asked for.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Host names of the certificate.
	// +optional
	// +listType=atomic
	DNSNames []string `json:"dnsNames,omitempty"`
	// URL of the authority's directory. Let's Encrypt's when not set.
	// +optional
	Server string `json:"server,omitempty"`
}
