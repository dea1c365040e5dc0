package v1alpha1

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ObjectMetadata holds the labels and annotations that an object gets besides its own.
type ObjectMetadata struct {
	// Labels to set.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Annotations to set.
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ContainerConfig holds the settings of one container.
type ContainerConfig struct {
	// Image of the container.
	// +optional
	Image string `json:"image,omitempty"`
	// Environment variables added to those the container has.
	// +optional
	// +listType=atomic
	Env []corev1.EnvVar `json:"env,omitempty"`
	// Resources of the container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// Security context of the container.
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
	// Volumes mounted in the container besides its own.
	// +optional
	// +listType=atomic
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`
}

// WorkloadConfig holds the settings of a component's Deployment or DaemonSet. Settings of a container mean the
// component's main container.
type WorkloadConfig struct {
	ContainerConfig `json:",inline"`

	// Labels and annotations of the Deployment or DaemonSet.
	// +optional
	Metadata *ObjectMetadata `json:"metadata,omitempty"`
	// Labels and annotations of the pods.
	// +optional
	PodMetadata *ObjectMetadata `json:"podMetadata,omitempty"`
	// Labels of the nodes that the pods may run on.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Affinity of the pods.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Taints that the pods tolerate.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// How the pods spread over nodes and zones.
	// +optional
	// +listType=atomic
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	// When the node pulls the image.
	// +optional
	// +kubebuilder:validation:Enum=Always;Never;IfNotPresent
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// Secrets of the pods' namespace with the registry's credentials.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// Priority class of the pods.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// Volumes of the pods besides their own.
	// +optional
	// +listType=atomic
	Volumes []corev1.Volume `json:"volumes,omitempty"`
	// Number of pods and its automatic adjustment.
	// +optional
	Replicas *Replicas `json:"replicas,omitempty"`
	// How many pods may be evicted at once.
	// +optional
	PodDisruptionBudget *PodDisruptionBudget `json:"podDisruptionBudget,omitempty"`
	// How pods are replaced by new ones.
	// +optional
	DeploymentStrategy *appsv1.DeploymentStrategy `json:"deploymentStrategy,omitempty"`
	// Security context of the pods.
	// +optional
	PodSecurityContext *corev1.PodSecurityContext `json:"podSecurityContext,omitempty"`
	// Probe by whose failure the container is restarted.
	// +optional
	LivenessProbe *corev1.Probe `json:"livenessProbe,omitempty"`
	// Probe by whose failure the pod gets no traffic.
	// +optional
	ReadinessProbe *corev1.Probe `json:"readinessProbe,omitempty"`
}

// Replicas sets the number of pods. With min and max both set, an autoscaler keeps it between them; istiod's needs
// one of them only.
//
// +kubebuilder:validation:XValidation:rule="!has(self.min) || !has(self.max) || self.min <= self.max",message="max must not be less than min"
type Replicas struct {
	// Number of pods without an autoscaler.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Count *int32 `json:"count,omitempty"`
	// Least number of pods with an autoscaler.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Min *int32 `json:"min,omitempty"`
	// Largest number of pods with an autoscaler.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Max *int32 `json:"max,omitempty"`
	// CPU use that the autoscaler aims at, in percent of the requested CPU. 80 when not set.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`
}

// PodDisruptionBudget limits how many pods may be evicted at once. At most one of its fields may be set.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minAvailable) || !has(self.maxUnavailable)",message="minAvailable and maxUnavailable exclude each other"
type PodDisruptionBudget struct {
	// Pods, as a number or a percentage, that must stay available.
	// +optional
	MinAvailable *intstr.IntOrString `json:"minAvailable,omitempty"`
	// Pods, as a number or a percentage, that may be unavailable.
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}
