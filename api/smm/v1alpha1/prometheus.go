package v1alpha1

import corev1 "k8s.io/api/core/v1"

// Prometheus holds the settings of the part that stores metrics.
type Prometheus struct {
	Component `json:",inline"`

	// Prometheus or VictoriaMetrics that somebody else runs and that has the mesh's metrics. None is
	// installed then.
	// +optional
	External *ExternalMetrics `json:"external,omitempty"`
	// Number of pods, each with all metrics.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`
	// How long metrics are kept, such as 8h.
	// +optional
	RetentionTime PrometheusDuration `json:"retentionTime,omitempty"`
	// How metrics are collected.
	// +optional
	Scraping *PrometheusScraping `json:"scraping,omitempty"`
	// Where metrics are stored. In the pod, and lost with it, when not set.
	// +optional
	Storage *PrometheusStorage `json:"storage,omitempty"`
	// Where alerts are sent.
	// +optional
	Alertmanager *Alertmanager `json:"alertmanager,omitempty"`
	// Addresses of Alertmanagers, as alertmanager.static, which comes first.
	// +optional
	// +listType=atomic
	Static []AlertmanagerAddress `json:"static,omitempty"`
	// Thanos, which joins the metrics of several Prometheus pods.
	// +optional
	Thanos *Thanos `json:"thanos,omitempty"`
	// Container that reloads Prometheus' configuration.
	// +optional
	ConfigReloader *Container `json:"configReloader,omitempty"`
	// Container that lets only those read metrics who may read the objects behind them.
	// +optional
	K8sProxy *Container `json:"k8sProxy,omitempty"`
}

// ExternalMetrics says how a metrics backend is reached that speaks Prometheus' HTTP API.
type ExternalMetrics struct {
	// Address below which the backend has api/v1/query.
	// +kubebuilder:validation:Pattern=`^https?://`
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`
	// Secret in the product's namespace with the credentials: username and password for basic
	// authentication, or token. None are needed when not set.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName,omitempty"`
}

// PrometheusDuration is a duration in Prometheus' form, such as 15s, 8h or 1h30m.
//
// +kubebuilder:validation:Pattern=`^(0|([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$`
// +kubebuilder:validation:MaxLength=64
type PrometheusDuration string

// PrometheusScraping says how metrics are collected.
type PrometheusScraping struct {
	// How often metrics are collected.
	// +optional
	Frequency *ScrapingFrequency `json:"frequency,omitempty"`
}

// ScrapingFrequency says how often metrics are collected.
type ScrapingFrequency struct {
	// Time between two collections. 5s when not set.
	// +optional
	Interval PrometheusDuration `json:"interval,omitempty"`
	// Time after which a collection is given up. At most the interval.
	// +optional
	Timeout PrometheusDuration `json:"timeout,omitempty"`
}

// PrometheusStorage says where metrics are stored.
type PrometheusStorage struct {
	// Volume claimed for each pod.
	// +optional
	Spec *corev1.PersistentVolumeClaimSpec `json:"spec,omitempty"`
}

// Alertmanager says where alerts are sent.
type Alertmanager struct {
	// Addresses of Alertmanagers.
	// +optional
	// +listType=atomic
	Static []AlertmanagerAddress `json:"static,omitempty"`
}

// AlertmanagerAddress is the address of an Alertmanager.
type AlertmanagerAddress struct {
	// Host name or IP address.
	// +kubebuilder:validation:MinLength=1
	Host string `json:"host"`
	// Port. 9093 when not set.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
}

// Thanos holds the settings of Thanos.
type Thanos struct {
	Component `json:",inline"`

	// Program that answers queries.
	// +optional
	Query *Component `json:"query,omitempty"`
}
