package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ProxyLogLevel is a log level of the proxy.
//
// +kubebuilder:validation:Enum=TRACE;DEBUG;INFO;WARNING;ERROR;CRITICAL;OFF
type ProxyLogLevel string

// ProxyConfig holds the settings of the proxies in workloads and gateways.
type ProxyConfig struct {
	// Image of the proxy.
	// +optional
	Image string `json:"image,omitempty"`
	// Whether the proxy's container is privileged.
	// +optional
	Privileged *bool `json:"privileged,omitempty"`
	// Whether newly injected proxies write core dumps.
	// +optional
	EnableCoreDump *bool `json:"enableCoreDump,omitempty"`
	// Log level of sidecars and gateways. WARNING when not set.
	// +optional
	LogLevel ProxyLogLevel `json:"logLevel,omitempty"`
	// Log levels of the proxy's components, such as misc:error,upstream:debug.
	// +optional
	ComponentLogLevel string `json:"componentLogLevel,omitempty"`
	// DNS domain of the cluster. cluster.local when not set.
	// +optional
	ClusterDomain string `json:"clusterDomain,omitempty"`
	// Whether a pod's other containers start only after its proxy is ready.
	// +optional
	HoldApplicationUntilProxyStarts *bool `json:"holdApplicationUntilProxyStarts,omitempty"`
	// What the proxy's container does after it started and before it stops.
	// +optional
	Lifecycle *corev1.Lifecycle `json:"lifecycle,omitempty"`
	// Resources of the proxy's container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Comma-separated address ranges whose outbound traffic goes through the proxy. All (*) when not set.
	// +optional
	IncludeIPRanges string `json:"includeIPRanges,omitempty"`
	// Comma-separated address ranges whose outbound traffic does not go through the proxy.
	// +optional
	ExcludeIPRanges string `json:"excludeIPRanges,omitempty"`
	// Comma-separated ports whose inbound traffic does not go through the proxy.
	// +optional
	ExcludeInboundPorts string `json:"excludeInboundPorts,omitempty"`
	// Comma-separated ports whose outbound traffic does not go through the proxy.
	// +optional
	ExcludeOutboundPorts string `json:"excludeOutboundPorts,omitempty"`
	// Kind of tracer: zipkin, lightstep, datadog or stackdriver.
	// +optional
	Tracer string `json:"tracer,omitempty"`
}

// ProxyInitConfig holds the settings of what redirects a pod's traffic to its proxy.
type ProxyInitConfig struct {
	// Image of the init container.
	// +optional
	Image string `json:"image,omitempty"`
	// Resources of the init container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// CNI plugin, which takes the place of the init container.
	// +optional
	CNI *CNIConfig `json:"cni,omitempty"`
}

// CNIConfig holds the settings of Istio's CNI plugin.
type CNIConfig struct {
	// Whether the plugin is installed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Whether the plugin is added to the node's existing CNI configuration, instead of standing alone.
	// +optional
	Chained *bool `json:"chained,omitempty"`
	// Directory of CNI programs on the node.
	// +optional
	BinDir string `json:"binDir,omitempty"`
	// Directory of CNI configuration on the node.
	// +optional
	ConfDir string `json:"confDir,omitempty"`
	// Namespaces whose pods the plugin leaves alone.
	// +optional
	// +listType=atomic
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
	// Namespaces whose pods the plugin handles; all others are left alone. The plugin handles the pods that have a
	// proxy, wherever they are: setting it is reported.
	// +optional
	// +listType=atomic
	IncludeNamespaces []string `json:"includeNamespaces,omitempty"`
	// Log level of the plugin.
	// +optional
	LogLevel string `json:"logLevel,omitempty"`
	// Name of the plugin's configuration file on the node.
	// +optional
	ConfFileName string `json:"confFileName,omitempty"`
	// ClusterRole that grants a pod security policy. Kubernetes no longer has those: setting it is reported.
	// +optional
	PSPClusterRoleName string `json:"pspClusterRoleName,omitempty"`
	// Repair of pods that started before the plugin was ready.
	// +optional
	Repair *CNIRepairConfig `json:"repair,omitempty"`
	// Taint that keeps pods off nodes where the plugin is not ready.
	// +optional
	Taint *CNITaintConfig `json:"taint,omitempty"`
	// Quota for the plugin's priority classes, which some platforms need.
	// +optional
	ResourceQuotas *CNIResourceQuotas `json:"resourceQuotas,omitempty"`
	// DaemonSet of the plugin. It has a pod for each node: replicas and podDisruptionBudget are reported.
	// +optional
	Daemonset *WorkloadConfig `json:"daemonset,omitempty"`
}

// CNIRepairConfig holds the settings of the repair of pods that started before the CNI plugin was ready.
type CNIRepairConfig struct {
	// Whether broken pods are looked for.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Whether broken pods are labelled.
	// +optional
	LabelPods *bool `json:"labelPods,omitempty"`
	// Whether broken pods are deleted, so that they start anew.
	// +optional
	DeletePods *bool `json:"deletePods,omitempty"`
	// Name of the init container by whose exit status a broken pod is recognised.
	// +optional
	InitContainerName string `json:"initContainerName,omitempty"`
	// Key of the label of broken pods.
	// +optional
	BrokenPodLabelKey string `json:"brokenPodLabelKey,omitempty"`
	// Value of the label of broken pods.
	// +optional
	BrokenPodLabelValue string `json:"brokenPodLabelValue,omitempty"`
}

// CNITaintConfig holds the settings of the taint of nodes where the CNI plugin is not ready, cni.istio.io/not-ready.
// New nodes come with it, from whoever provides them.
type CNITaintConfig struct {
	// Whether the taint is removed where the plugin is ready.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// Container that sets and removes the taint. istiod removes it: setting it is reported.
	// +optional
	Container *ContainerConfig `json:"container,omitempty"`
}

// CNIResourceQuotas holds the settings of the quota for the CNI plugin's pods.
type CNIResourceQuotas struct {
	// Whether a ResourceQuota is made.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// How many pods the quota allows.
	// +optional
	Pods *intstr.IntOrString `json:"pods,omitempty"`
	// Priority classes that the quota is for.
	// +optional
	// +listType=atomic
	PriorityClasses []string `json:"priorityClasses,omitempty"`
}
