package v1alpha1

// SMM holds the settings of Service Mesh Manager itself and its parts.
type SMM struct {
	Component `json:",inline"`

	// Namespace of the parts. smm-system when not set.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Prefix of the names of the parts' objects. smm when not set.
	// +optional
	ReleaseName string `json:"releaseName,omitempty"`
	// Role of this cluster. That of the whole resource when not set.
	// +optional
	Role Role `json:"role,omitempty"`
	// Control plane whose proxies the parts have.
	// +optional
	Istio *IstioRevision `json:"istio,omitempty"`
	// Whether the parts' Istio resources are installed.
	// +optional
	UseIstioResources *bool `json:"useIstioResources,omitempty"`
	// Whether the parts run in more than one pod.
	// +optional
	HighAvailability *Toggle `json:"highAvailability,omitempty"`
	// How users of the dashboard prove who they are.
	// +optional
	Auth *Auth `json:"auth,omitempty"`
	// How the dashboard is reached from outside the cluster.
	// +optional
	ExposeDashboard *ExposeDashboard `json:"exposeDashboard,omitempty"`

	// Warnings for who changes the mesh's configuration, shown by kubectl and other clients, about what the checks find.
	// Nothing is refused. The part application gives them.
	// +optional
	AdmissionWarnings *Toggle `json:"admissionWarnings,omitempty"`
	// Part that receives the proxies' access logs.
	// +optional
	ALS *Component `json:"als,omitempty"`
	// Part that manages Istio resources on behalf of users.
	// +optional
	Application *Component `json:"application,omitempty"`
	// Whether certificates of the parts come from cert-manager.
	// +optional
	CertManager *Toggle `json:"certManager,omitempty"`
	// Part that joins the parts' APIs to one.
	// +optional
	FederationGateway *FederationGateway `json:"federationGateway,omitempty"`
	// Part that configures the federation gateway.
	// +optional
	FederationGatewayOperator *Component `json:"federationGatewayOperator,omitempty"`
	// Part that shows metrics dashboards.
	// +optional
	Grafana *Component `json:"grafana,omitempty"`
	// Part that computes health scores.
	// +optional
	Health *Health `json:"health,omitempty"`
	// Whether the parts act with the rights of their user.
	// +optional
	Impersonation *Toggle `json:"impersonation,omitempty"`
	// Part that reports the state of Kubernetes objects as metrics.
	// +optional
	KubeStateMetrics *Component `json:"kubestatemetrics,omitempty"`
	// Part that makes cert-manager's challenges pass through Istio.
	// +optional
	Leo *Component `json:"leo,omitempty"`
	// Part that stores metrics.
	// +optional
	Prometheus *Prometheus `json:"prometheus,omitempty"`
	// Part that runs Prometheus.
	// +optional
	PrometheusOperator *Component `json:"prometheusOperator,omitempty"`
	// Whether the dashboard shows Streaming Data Manager.
	// +optional
	SDM *Component `json:"sdm,omitempty"`
	// Part that measures service level objectives.
	// +optional
	SRE *SRE `json:"sre,omitempty"`
	// Part that stores traces.
	// +optional
	Tracing *Component `json:"tracing,omitempty"`
	// Part that lets virtual machines join the mesh.
	// +optional
	VMIntegration *Component `json:"vmIntegration,omitempty"`
	// Part that serves the dashboard's files.
	// +optional
	Web *Component `json:"web,omitempty"`
}

// IstioRevision names a control plane.
type IstioRevision struct {
	// Value of the label istio.io/rev, such as cp-v131x.istio-system.
	// +optional
	Revision string `json:"revision,omitempty"`
}

// FederationGateway holds the settings of the part that joins the parts' APIs to one.
type FederationGateway struct {
	Component `json:",inline"`

	// Name of the joined API.
	// +optional
	Name string `json:"name,omitempty"`
	// Service of the gateway.
	// +optional
	Service *FederationGatewayService `json:"service,omitempty"`
}

// FederationGatewayService holds the settings of the federation gateway's Service.
type FederationGatewayService struct {
	// Whether the Service is installed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Name of the Service.
	// +optional
	Name string `json:"name,omitempty"`
	// Port of the Service.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
}

// Health holds the settings of the part that computes health scores.
type Health struct {
	// Whether health scores are computed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Program that serves the scores.
	// +optional
	API *Component `json:"api,omitempty"`
	// Program that computes the scores.
	// +optional
	Controller *Component `json:"controller,omitempty"`
}

// SRE holds the settings of the part that measures service level objectives.
type SRE struct {
	// Whether objectives are measured.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Program that serves objectives.
	// +optional
	API *Component `json:"api,omitempty"`
	// Program that turns objectives into rules.
	// +optional
	Controller *Component `json:"controller,omitempty"`
	// Program that reports alerts as metrics.
	// +optional
	AlertExporter *Component `json:"alertExporter,omitempty"`
}
