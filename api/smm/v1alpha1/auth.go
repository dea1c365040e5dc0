package v1alpha1

// AuthMode says whose rights the dashboard uses.
//
// +kubebuilder:validation:Enum=impersonation;anonymous
type AuthMode string

// Modes of authentication.
const (
	// AuthModeImpersonation acts with the rights of the user who logged in.
	AuthModeImpersonation AuthMode = "impersonation"
	// AuthModeAnonymous needs no login and acts with the product's own rights.
	AuthModeAnonymous AuthMode = "anonymous"
)

// Auth says how users of the dashboard prove who they are.
type Auth struct {
	Component `json:",inline"`

	// impersonation acts with the rights of the user who logged in, anonymous needs no login.
	// +optional
	Mode AuthMode `json:"mode,omitempty"`
	// Whether session cookies are also sent without TLS.
	// +optional
	ForceUnsecureCookies *bool `json:"forceUnsecureCookies,omitempty"`
	// Login by an OpenID Connect provider.
	// +optional
	OIDC *OIDC `json:"oidc,omitempty"`
}

// OIDC holds the settings of login by an OpenID Connect provider.
type OIDC struct {
	// Whether users can log in by the provider.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// The dashboard as the provider knows it.
	// +optional
	Client *OIDCClient `json:"client,omitempty"`
	// How a user's Kubernetes name is found. Claim sub, without a prefix, when not set.
	// +optional
	Username *OIDCClaim `json:"username,omitempty"`
	// How a user's Kubernetes groups are found.
	// +optional
	Groups *OIDCClaim `json:"groups,omitempty"`
	// Claims, with their values, that a user must have.
	// +optional
	RequiredClaims map[string]string `json:"requiredClaims,omitempty"`
}

// OIDCClient is the dashboard as an OpenID Connect provider knows it.
type OIDCClient struct {
	// Client ID.
	// +optional
	ID string `json:"id,omitempty"`
	// URL of the provider, under which .well-known/openid-configuration is.
	// +optional
	// +kubebuilder:validation:Pattern=`^(https://.*)?$`
	IssuerURL string `json:"issuerURL,omitempty"`
	// Client secret.
	// +optional
	Secret string `json:"secret,omitempty"`
}

// OIDCClaim says which claim of a token is taken and how.
type OIDCClaim struct {
	// Name of the claim.
	// +optional
	Claim string `json:"claim,omitempty"`
	// Text that is put before the claim's value.
	// +optional
	Prefix string `json:"prefix,omitempty"`
}
