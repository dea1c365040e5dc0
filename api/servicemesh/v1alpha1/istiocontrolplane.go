package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IstioControlPlane is one revision of istiod in one cluster. The resource's name is the revision; workloads
// of a namespace join it through the namespace label istio.io/rev=<name>.<namespace of this resource>.
//
// The name's limit leaves room for istio-meshexpansion-gateway-<name> in 63 characters.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=istiocontrolplanes,shortName=icp;istiocp
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`,description="Mode of the control plane"
// +kubebuilder:printcolumn:name="Network",type=string,JSONPath=`.spec.networkName`,description="Network of the cluster"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Mesh Expansion",type=boolean,JSONPath=`.spec.meshExpansion.enabled`,description="Whether the mesh reaches beyond this cluster"
// +kubebuilder:printcolumn:name="Expansion GW IPs",type=string,JSONPath=`.status.gatewayAddress`,description="Addresses of the mesh expansion gateway"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.errorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name becomes Istio's revision: it may hold lower case letters, digits and '-' only"
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 35",message="the name may have at most 35 characters, so that the names derived from it fit"
type IstioControlPlane struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec IstioControlPlaneSpec `json:"spec,omitzero"`
	// +optional
	Status IstioControlPlaneStatus `json:"status,omitzero"`
}

// IstioControlPlaneList is a list of IstioControlPlanes.
//
// +kubebuilder:object:root=true
type IstioControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IstioControlPlane `json:"items"`
}

// Mode says how much of a control plane runs in the cluster.
//
// +kubebuilder:validation:Enum=ACTIVE;PASSIVE
type Mode string

// Modes of a control plane.
const (
	// ModeActive runs istiod in this cluster (a primary cluster in Istio's words).
	ModeActive Mode = "ACTIVE"
	// ModePassive runs what injection and cross-cluster traffic need, and uses a peer's istiod (a remote cluster).
	ModePassive Mode = "PASSIVE"
)

// JWTPolicy says which service account tokens workloads present to istiod.
//
// +kubebuilder:validation:Enum=THIRD_PARTY_JWT;FIRST_PARTY_JWT
type JWTPolicy string

// Policies for service account tokens.
const (
	JWTPolicyThirdParty JWTPolicy = "THIRD_PARTY_JWT"
	JWTPolicyFirstParty JWTPolicy = "FIRST_PARTY_JWT"
)

// Values of spec.distribution that have a meaning of their own.
const (
	DistributionOfficial = "official"
	DistributionCisco    = "cisco"
)

// IstioControlPlaneSpec is the wanted control plane. A field that is not set takes the default of the product,
// or Istio's; defaults are never written back into the resource.
type IstioControlPlaneSpec struct {
	// Istio version to run, such as 1.31.1. Without it, the newest of the release catalogue.
	// +optional
	// +kubebuilder:validation:Pattern=`^1\.[0-9]+(\.[0-9]+)?([-+.][0-9A-Za-z.+-]+)?$`
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`
	// ACTIVE runs istiod in this cluster, PASSIVE uses the istiod of a peer cluster. ACTIVE when not set.
	// +optional
	Mode Mode `json:"mode,omitempty"`
	// Log levels of the control plane's components.
	// +optional
	Logging *LoggingConfig `json:"logging,omitempty"`
	// Whether istiod and workloads use keys and certificates mounted from secrets made by the user.
	// +optional
	MountMtlsCerts *bool `json:"mountMtlsCerts,omitempty"`
	// Settings of istiod.
	// +optional
	Istiod *IstiodConfig `json:"istiod,omitempty"`
	// Settings of the proxies in workloads and gateways.
	// +optional
	Proxy *ProxyConfig `json:"proxy,omitempty"`
	// Settings of what redirects a pod's traffic to its proxy: the init container or the CNI plugin.
	// +optional
	ProxyInit *ProxyInitConfig `json:"proxyInit,omitempty"`
	// Whether proxies report Istio's standard metrics.
	// +optional
	TelemetryV2 *Toggle `json:"telemetryV2,omitempty"`
	// Settings of the secret discovery service, which hands certificates to proxies.
	// +optional
	SDS *SDSConfig `json:"sds,omitempty"`
	// Whether proxies use the WebAssembly build of the telemetry filters. Istio no longer has one: switching it on
	// is reported.
	// +optional
	ProxyWasm *Toggle `json:"proxyWasm,omitempty"`
	// Whether istiod watches its own namespace only, instead of all.
	// +optional
	WatchOneNamespace *bool `json:"watchOneNamespace,omitempty"`
	// Which service account tokens workloads present: THIRD_PARTY_JWT are bound to an audience, FIRST_PARTY_JWT are
	// not. Istio no longer takes the latter: asking for them is reported.
	// +optional
	JWTPolicy JWTPolicy `json:"jwtPolicy,omitempty"`
	// Address (host:port) of the certificate authority that workloads ask for certificates. istiod when not set.
	// +optional
	CAAddress string `json:"caAddress,omitempty"`
	// Name of the certificate authority's provider. Citadel, which is istiod's own, when not set.
	// +optional
	CAProvider string `json:"caProvider,omitempty"`
	// Istio distribution the control plane is meant for: official when not set, or cisco. Images that a component
	// names are used; the others are the official ones, and any other distribution is reported.
	// +optional
	Distribution string `json:"distribution,omitempty"`
	// Way out of the cluster, which istiod and the containers of injected pods get as environment variables.
	// +optional
	HTTPProxyEnvs *HTTPProxyEnvsConfig `json:"httpProxyEnvs,omitempty"`
	// Mesh-wide settings of Istio, in the form of Istio's MeshConfig. They override those of the IstioMesh.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	MeshConfig *apiextensionsv1.JSON `json:"meshConfig,omitempty"`
	// Patches of the rendered objects, for what no other field expresses. Applied in order.
	// +optional
	// +listType=atomic
	K8sResourceOverlays []K8sResourceOverlay `json:"k8sResourceOverlays,omitempty"`
	// Name of the mesh that this control plane belongs to; also that of the IstioMesh whose settings it inherits.
	// +optional
	MeshID string `json:"meshID,omitempty"`
	// Where container images come from, unless a component names its own.
	// +optional
	ContainerImageConfiguration *ContainerImageConfig `json:"containerImageConfiguration,omitempty"`
	// How workloads outside this cluster's network reach the mesh.
	// +optional
	MeshExpansion *MeshExpansionConfig `json:"meshExpansion,omitempty"`
	// Identity of this cluster in the mesh. Found out from the cluster registry when not set.
	// +optional
	ClusterID string `json:"clusterID,omitempty"`
	// Network of this cluster: pods of clusters with the same network reach each other directly. network1 when not set.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	NetworkName string `json:"networkName,omitempty"`
	// Settings of the sidecar injector.
	// +optional
	SidecarInjector *SidecarInjectorConfig `json:"sidecarInjector,omitempty"`
	// Where proxies send traces, in the form of MeshConfig's Tracing.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Tracer *apiextensionsv1.JSON `json:"tracer,omitempty"`
}

// Toggle switches a feature on or off.
type Toggle struct {
	// Whether the feature is on.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// LoggingConfig sets log levels.
type LoggingConfig struct {
	// Comma-separated list of <scope>:<level>, such as default:info,ads:debug.
	// +optional
	// +kubebuilder:validation:Pattern=`^([a-zA-Z0-9_-]+:[a-zA-Z]+,?)*$`
	Level string `json:"level,omitempty"`
}

// SDSConfig sets how proxies authenticate to the certificate authority.
type SDSConfig struct {
	// Audience of the token that a proxy presents. istio-ca when not set.
	// +optional
	TokenAudience string `json:"tokenAudience,omitempty"`
}

// HTTPProxyEnvsConfig holds the usual proxy environment variables. A container that sets one of them itself keeps
// its own value.
type HTTPProxyEnvsConfig struct {
	// Value of HTTP_PROXY.
	// +optional
	HTTPProxy string `json:"httpProxy,omitempty"`
	// Value of HTTPS_PROXY.
	// +optional
	HTTPSProxy string `json:"httpsProxy,omitempty"`
	// Value of NO_PROXY. istiod also reaches the API server and what is in the cluster directly.
	// +optional
	NoProxy string `json:"noProxy,omitempty"`
}

// ContainerImageConfig says where images come from and how they are pulled.
type ContainerImageConfig struct {
	// Registry and path before an image's name.
	// +optional
	Hub string `json:"hub,omitempty"`
	// Tag of the images. The Istio version when not set.
	// +optional
	Tag string `json:"tag,omitempty"`
	// When the node pulls an image.
	// +optional
	// +kubebuilder:validation:Enum=Always;Never;IfNotPresent
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// Secrets of the pod's namespace with the registry's credentials.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// StatusConditions are the conditions in the status, to be read and changed.
func (in *IstioControlPlane) StatusConditions() *[]metav1.Condition { return &in.Status.Conditions }
