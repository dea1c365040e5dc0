package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// MeshGroupLabel names the mesh that a ServiceMesh is the part of one cluster of.
	MeshGroupLabel = "asm.cpaas.io/meshgroup"
	// NamespaceLabel marks the namespaces of a mesh; its value is NamespaceEnabled.
	NamespaceLabel = "cpaas.io/serviceMesh"
	// NamespaceEnabled is the value of NamespaceLabel.
	NamespaceEnabled = "enabled"
)

// ServiceMesh is the mesh in one cluster. Namespaces join it by the labels cpaas.io/serviceMesh=enabled and
// istio.io/rev=<release line of Istio, such as 1-31>.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=servicemeshes
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`,description="What is being done"
// +kubebuilder:printcolumn:name="SynthesisPhase",type=string,JSONPath=`.status.synthesisPhase`,description="State of all clusters of the mesh"
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`,description="State of this cluster"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`,description="Version of Istio that runs"
// +kubebuilder:printcolumn:name="DesiredVersion",type=string,JSONPath=`.status.desiredVersion`,description="Version of Istio that is asked for"
type ServiceMesh struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ServiceMeshSpec `json:"spec,omitzero"`
	// +optional
	Status ServiceMeshStatus `json:"status,omitzero"`
}

// ServiceMeshList is a list of ServiceMeshes.
//
// +kubebuilder:object:root=true
type ServiceMeshList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ServiceMesh `json:"items"`
}

// ServiceMeshSpec is the wanted mesh in one cluster.
type ServiceMeshSpec struct {
	// Name of the cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Cluster string `json:"cluster,omitempty"`
	// Version of Istio, such as 1.31.1; what follows a + is ignored. The newest of the catalogue when not set.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	IstioVersion string `json:"istioVersion,omitempty"`
	// Whether Istio itself is installed by somebody else.
	// +optional
	WithoutIstio *bool `json:"withoutIstio,omitempty"`
	// Registry that images come from. Istio's own when not set.
	// +optional
	RegistryAddress string `json:"registryAddress,omitempty"`
	// Whether the mesh has several clusters, and whether their pods reach each other directly.
	// +optional
	MultiCluster *MultiCluster `json:"multiCluster,omitempty"`
	// Whether pods get a sidecar unless they say otherwise.
	// +optional
	IstioSidecarInjectorPolicy *bool `json:"istioSidecarInjectorPolicy,omitempty"`
	// Address ranges whose outbound traffic goes through the sidecar.
	// +optional
	IPRanges *IPRanges `json:"ipranges,omitempty"`
	// Whether the ingress gateway speaks HTTP/2.
	// +optional
	IngressH2Enabled *bool `json:"ingressH2Enabled,omitempty"`
	// Scheme of the ingress: http or https.
	// +optional
	IngressScheme string `json:"ingressScheme,omitempty"`
	// Where certificates come from.
	// +optional
	CAConfig *CAConfig `json:"caConfig,omitempty"`
	// Settings of the mesh's components.
	// +optional
	// +listType=map
	// +listMapKey=name
	ComponentConfig []ComponentConfig `json:"componentConfig,omitempty"`
	// Whether no two pods of a component may run on the same node; otherwise they only should not.
	// +optional
	RequiredAntiAffinity *bool `json:"requiredAntiAffinity,omitempty"`
	// Where traces are kept.
	// +optional
	Elasticsearch *Elasticsearch `json:"elasticsearch,omitempty"`
	// Store of global rate limits.
	// +optional
	Redis *Redis `json:"redis,omitempty"`
	// Defaults of sidecars.
	// +optional
	IstioSidecar *IstioSidecar `json:"istioSidecar,omitempty"`
	// Settings of Istio.
	// +optional
	IstioConfig *IstioConfig `json:"istioConfig,omitempty"`
	// Share of requests that are traced, in percent.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	TraceSampling *float64 `json:"traceSampling,omitempty"`
	// Address of the platform.
	// +optional
	GlobalIngressHost string `json:"globalIngressHost,omitempty"`
	// Kind of the monitoring system: prometheus or victoriametrics. Only the latter can serve several clusters.
	// +optional
	// +kubebuilder:validation:Enum=prometheus;victoriametrics
	MonitorType string `json:"monitorType,omitempty"`
	// URL that metrics are asked for at.
	// +optional
	PrometheusURL string `json:"prometheusURL,omitempty"`
	// Whether the monitoring system is the platform's own.
	// +optional
	IsDefaultMonitor *bool `json:"isDefaultMonitor,omitempty"`
	// Kind of the cluster, such as Baremetal.
	// +optional
	ClusterType string `json:"clusterType,omitempty"`
	// Transport of traces.
	// +optional
	Kafka *Kafka `json:"kafka,omitempty"`
}

// MultiCluster says how the clusters of a mesh are connected.
type MultiCluster struct {
	// Whether the mesh may have several clusters.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Whether pods of different clusters reach each other through gateways only.
	// +optional
	IsMultiNetwork *bool `json:"isMultiNetwork,omitempty"`
	// Name of the cluster's network. That of the cluster when not set.
	// +optional
	IstioNetwork string `json:"istioNetwork,omitempty"`
}

// IPRanges are address ranges.
type IPRanges struct {
	// Ranges in CIDR form; * for all.
	// +optional
	// +listType=atomic
	Ranges []string `json:"ranges,omitempty"`
}

// CAConfig says where certificates come from.
type CAConfig struct {
	// Certificates of the mesh's own components come from cert-manager.
	// +optional
	CertManager *CertManager `json:"certmanager,omitempty"`
}

// CertManager has no settings.
type CertManager struct{}

// Elasticsearch is where traces are kept.
type Elasticsearch struct {
	// +optional
	URL string `json:"url,omitempty"`
	// Whether it is the platform's own.
	// +optional
	IsDefault *bool `json:"isDefault,omitempty"`
	// Cluster that it runs in.
	// +optional
	Cluster string `json:"cluster,omitempty"`
	// Name for basic authentication.
	// +optional
	Username string `json:"username,omitempty"`
	// Password for basic authentication. It is moved into a Secret.
	// +optional
	Password string `json:"password,omitempty"`
}

// Redis is the store of global rate limits.
type Redis struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Address, host:port.
	// +optional
	Address string `json:"address,omitempty"`
	// basic, or empty for none.
	// +optional
	AuthType string `json:"authType,omitempty"`
	// single, sentinel or cluster.
	// +optional
	// +kubebuilder:validation:Enum=single;sentinel;cluster
	Kind string `json:"kind,omitempty"`
	// Name of the master, for sentinel only.
	// +optional
	MasterName string `json:"masterName,omitempty"`
	// Password. It is moved into a Secret.
	// +optional
	Password string `json:"password,omitempty"`
}

// IstioSidecar holds the defaults of sidecars.
type IstioSidecar struct {
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// IstioConfig holds the settings of Istio.
type IstioConfig struct {
	// +optional
	CNI *CNI `json:"cni,omitempty"`
	// How often a failed HTTP request is made again unless a route says otherwise.
	// +optional
	DefaultHTTPRetryPolicy *RetryPolicy `json:"defaultHttpRetryPolicy,omitempty"`
}

// CNI holds the settings of Istio's CNI plugin.
type CNI struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Namespace of the plugin.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// RetryPolicy says how often a failed request is made again.
type RetryPolicy struct {
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Attempts *int32 `json:"attempts,omitempty"`
}

// Kafka is the transport of traces.
type Kafka struct {
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}
