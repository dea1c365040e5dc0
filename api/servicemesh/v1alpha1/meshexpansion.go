package v1alpha1

// MeshExpansionConfig says how workloads outside this cluster's network reach the mesh.
type MeshExpansionConfig struct {
	// Whether the mesh expansion gateway is installed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// The mesh expansion gateway.
	// +optional
	Gateway *MeshExpansionGatewayConfig `json:"gateway,omitempty"`
	// Whether istiod is reachable through the gateway. True when not set.
	// +optional
	Istiod *Exposure `json:"istiod,omitempty"`
	// Whether the injection webhook is reachable through the gateway. True when not set.
	// +optional
	Webhook *Exposure `json:"webhook,omitempty"`
	// Whether the mesh's services are reachable through the gateway. True when not set.
	// +optional
	ClusterServices *Exposure `json:"clusterServices,omitempty"`
}

// Exposure says whether something is reachable through the mesh expansion gateway.
type Exposure struct {
	// Whether it is reachable.
	// +optional
	Expose *bool `json:"expose,omitempty"`
}

// MeshExpansionGatewayConfig holds the settings of the mesh expansion gateway.
type MeshExpansionGatewayConfig struct {
	// Labels and annotations of the IstioMeshGateway made for it.
	// +optional
	Metadata *ObjectMetadata `json:"metadata,omitempty"`
	// Deployment of the gateway.
	// +optional
	Deployment *WorkloadConfig `json:"deployment,omitempty"`
	// Service of the gateway. Its ports are added to those that mesh expansion needs.
	// +optional
	Service *ServiceConfig `json:"service,omitempty"`
	// Whether the gateway runs as root, which ports under 1024 need.
	// +optional
	RunAsRoot *bool `json:"runAsRoot,omitempty"`
	// Patches of the rendered objects of the gateway.
	// +optional
	// +listType=atomic
	K8sResourceOverlays []K8sResourceOverlay `json:"k8sResourceOverlays,omitempty"`
}
