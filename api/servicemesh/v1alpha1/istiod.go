package v1alpha1

// CertProvider says who signs istiod's serving certificate.
//
// +kubebuilder:validation:Enum=KUBERNETES;ISTIOD
type CertProvider string

// Providers of istiod's serving certificate.
const (
	CertProviderKubernetes CertProvider = "KUBERNETES"
	CertProviderIstiod     CertProvider = "ISTIOD"
)

// IstiodConfig holds the settings of istiod.
type IstiodConfig struct {
	// Deployment of istiod.
	// +optional
	Deployment *WorkloadConfig `json:"deployment,omitempty"`
	// Whether istiod runs Istio's analyzers and writes their findings into the status of Istio resources.
	// +optional
	EnableAnalysis *bool `json:"enableAnalysis,omitempty"`
	// Whether istiod writes how far a configuration has been distributed into the status of Istio resources.
	// Istio no longer does: switching it on is reported.
	// +optional
	EnableStatus *bool `json:"enableStatus,omitempty"`
	// Whether this istiod also serves clusters that have no istiod of their own.
	// +optional
	ExternalIstiod *Toggle `json:"externalIstiod,omitempty"`
	// Share of requests that are traced, in percent.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	TraceSampling *float64 `json:"traceSampling,omitempty"`
	// Whether the protocol of outbound traffic is detected where a port does not declare it. Istio always does:
	// switching it off is reported.
	// +optional
	EnableProtocolSniffingOutbound *bool `json:"enableProtocolSniffingOutbound,omitempty"`
	// Whether the protocol of inbound traffic is detected where a port does not declare it. Istio always does:
	// switching it off is reported.
	// +optional
	EnableProtocolSniffingInbound *bool `json:"enableProtocolSniffingInbound,omitempty"`
	// Who signs istiod's serving certificate. ISTIOD when not set. Kubernetes no longer signs such certificates:
	// asking it to is reported, and istiod does.
	// +optional
	CertProvider CertProvider `json:"certProvider,omitempty"`
	// Settings of SPIFFE identities.
	// +optional
	SPIFFE *SPIFFEConfig `json:"spiffe,omitempty"`
	// Settings of istiod's certificate authority.
	// +optional
	CA *CAConfig `json:"ca,omitempty"`
}

// SPIFFEConfig holds the settings of SPIFFE identities.
type SPIFFEConfig struct {
	// Whether the operator serves the SPIFFE bundle endpoints of other trust domains. It does not: switching it on
	// is reported.
	// +optional
	OperatorEndpoints *Toggle `json:"operatorEndpoints,omitempty"`
}

// CAConfig holds the settings of istiod's certificate authority.
type CAConfig struct {
	// Takes the signing certificate and its key from Vault.
	// +optional
	Vault *VaultConfig `json:"vault,omitempty"`
}

// VaultConfig says where in Vault the signing certificate is.
//
// +kubebuilder:validation:XValidation:rule="!has(self.enabled) || !self.enabled || (has(self.address) && has(self.certPath) && has(self.keyPath) && has(self.role))",message="address, certPath, keyPath and role are needed when vault is enabled"
type VaultConfig struct {
	// Whether istiod takes its signing certificate from Vault.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// URL of the Vault server, such as https://vault.default:8200.
	// +optional
	Address string `json:"address,omitempty"`
	// Path of the certificate, such as vault:secret/data/pki/istiod#certificate. Those that signed it may follow it;
	// the last one is the mesh's root.
	// +optional
	CertPath string `json:"certPath,omitempty"`
	// Path of the private key, such as vault:secret/data/pki/istiod#privateKey.
	// +optional
	KeyPath string `json:"keyPath,omitempty"`
	// Vault role that istiod's service account, istiod-<name of the control plane>, may assume.
	// +optional
	Role string `json:"role,omitempty"`
	// Image of the vault-env program, which resolves the paths.
	// +optional
	VaultEnvImage string `json:"vaultEnvImage,omitempty"`
}
