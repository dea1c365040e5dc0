package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ServiceConfig holds the settings of a component's Service.
type ServiceConfig struct {
	// Labels and annotations of the Service.
	// +optional
	Metadata *ObjectMetadata `json:"metadata,omitempty"`
	// Ports of the Service.
	// +optional
	// +listType=atomic
	Ports []ServicePort `json:"ports,omitempty"`
	// Labels by which the Service selects its pods. The component's own when not set.
	// +optional
	Selector map[string]string `json:"selector,omitempty"`
	// Fixed cluster IP, or None for a headless Service.
	// +optional
	ClusterIP string `json:"clusterIP,omitempty"`
	// How the Service is exposed.
	// +optional
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	Type corev1.ServiceType `json:"type,omitempty"`
	// Further addresses whose traffic nodes accept for the Service.
	// +optional
	// +listType=atomic
	ExternalIPs []string `json:"externalIPs,omitempty"`
	// Whether a client stays with one pod.
	// +optional
	// +kubebuilder:validation:Enum=ClientIP;None
	SessionAffinity corev1.ServiceAffinity `json:"sessionAffinity,omitempty"`
	// Details of session affinity.
	// +optional
	SessionAffinityConfig *corev1.SessionAffinityConfig `json:"sessionAffinityConfig,omitempty"`
	// Address that the load balancer should have.
	// +optional
	LoadBalancerIP string `json:"loadBalancerIP,omitempty"`
	// Client address ranges that the load balancer admits.
	// +optional
	// +listType=atomic
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges,omitempty"`
	// Host name of a Service of type ExternalName. Gateways have none: setting it is reported.
	// +optional
	ExternalName string `json:"externalName,omitempty"`
	// Whether external traffic may go to pods of other nodes (Cluster) or keeps its source address (Local).
	// +optional
	// +kubebuilder:validation:Enum=Cluster;Local
	ExternalTrafficPolicy corev1.ServiceExternalTrafficPolicy `json:"externalTrafficPolicy,omitempty"`
	// Node port for health checks, with external traffic policy Local.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HealthCheckNodePort int32 `json:"healthCheckNodePort,omitempty"`
	// Whether DNS also holds the addresses of pods that are not ready.
	// +optional
	PublishNotReadyAddresses *bool `json:"publishNotReadyAddresses,omitempty"`
	// Address family of the Service.
	// +optional
	// +kubebuilder:validation:Enum="";IPv4;IPv6
	IPFamily corev1.IPFamily `json:"ipFamily,omitempty"`
}

// ServicePort is one port of a Service.
type ServicePort struct {
	// Name of the port.
	// +optional
	Name string `json:"name,omitempty"`
	// Protocol of the port. TCP when not set.
	// +optional
	// +kubebuilder:validation:Enum=TCP;UDP;SCTP
	Protocol corev1.Protocol `json:"protocol,omitempty"`
	// Port of the Service.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`
	// Number or name of the pod's port. The same as port when not set.
	// +optional
	TargetPort *intstr.IntOrString `json:"targetPort,omitempty"`
	// Port on the nodes. Chosen by Kubernetes when not set.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	NodePort int32 `json:"nodePort,omitempty"`
}
