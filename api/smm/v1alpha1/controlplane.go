package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// ControlPlane is an installation of Service Mesh Manager in one cluster. There is one, named smm as a rule.
// A component's settings are the product's defaults, then the fields of this resource, then the component's
// valuesOverride, then the settings that the product manages and that cannot be overridden.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=controlplanes,shortName=cp
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterName`,description="Name of the cluster"
// +kubebuilder:printcolumn:name="Role",type=string,JSONPath=`.spec.role`,description="Role of the cluster"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.status`,description="State of the last reconciliation"
// +kubebuilder:printcolumn:name="Error",type=string,JSONPath=`.status.errorMessage`,description="Why the last reconciliation failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ControlPlane struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ControlPlaneSpec `json:"spec,omitzero"`
	// +optional
	Status ControlPlaneStatus `json:"status,omitzero"`
}

// ControlPlaneList is a list of ControlPlanes.
//
// +kubebuilder:object:root=true
type ControlPlaneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ControlPlane `json:"items"`
}

// Role says whether a cluster runs all of the product or only what a mesh's further clusters need.
//
// +kubebuilder:validation:Enum=active;passive
type Role string

// Roles of a cluster.
const (
	RoleActive  Role = "active"
	RolePassive Role = "passive"
)

// Platform is a kind of Kubernetes distribution that needs its own settings.
//
// +kubebuilder:validation:Enum="";openshift
type Platform string

// PlatformOpenShift sets up Istio's CNI plugin, network attachments and security context constraints.
const PlatformOpenShift Platform = "openshift"

// ControlPlaneSpec is the wanted installation.
type ControlPlaneSpec struct {
	// Name of this cluster in the mesh: an RFC 1123 label. Derived from the kubeconfig or the cluster when not set.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ClusterName string `json:"clusterName,omitempty"`
	// active runs all components, passive those that a mesh's further clusters need. active when not set.
	// +optional
	Role Role `json:"role,omitempty"`
	// Kubernetes distribution, where it needs its own settings: openshift.
	// +optional
	Platform Platform `json:"platform,omitempty"`
	// Logging of the product's programs.
	// +optional
	Log *LogConfig `json:"log,omitempty"`
	// Registry that takes the place of the one in the images' names.
	// +optional
	RepositoryOverride *RepositoryOverride `json:"repositoryOverride,omitempty"`
	// Affinity of the product's pods.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// Labels of the nodes that the product's pods may run on.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Taints that the product's pods tolerate.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// Component that installs cert-manager.
	// +optional
	CertManager *NamespacedComponent `json:"certManager,omitempty"`
	// Component that keeps clusters of a mesh known to each other.
	// +optional
	ClusterRegistry *NamespacedComponent `json:"clusterRegistry,omitempty"`
	// Component that installs Istio.
	// +optional
	MeshManager *MeshManager `json:"meshManager,omitempty"`
	// Component that installs Prometheus' node exporter.
	// +optional
	NodeExporter *NodeExporter `json:"nodeExporter,omitempty"`
	// Component that gives namespaces access to the image registry.
	// +optional
	RegistryAccess *RegistryAccess `json:"registryAccess,omitempty"`
	// Component that ships logs.
	// +optional
	OneEye *Component `json:"oneEye,omitempty"`
	// Service Mesh Manager itself and its parts.
	// +optional
	SMM *SMM `json:"smm,omitempty"`
}

// LogConfig holds the settings of a program's log.
type LogConfig struct {
	// Least severe level that is logged. info when not set.
	// +optional
	// +kubebuilder:validation:Enum="";debug;info;warn;error
	Level string `json:"level,omitempty"`
	// Form of log lines. json when not set.
	// +optional
	// +kubebuilder:validation:Enum="";text;json
	Format string `json:"format,omitempty"`
}

// RepositoryOverride replaces the registry in the names of images: <host>/<prefix>/<last part of the image's name>.
type RepositoryOverride struct {
	// Host of the registry, and its port.
	// +optional
	Host string `json:"host,omitempty"`
	// Path before an image's name.
	// +optional
	Prefix string `json:"prefix,omitempty"`
}

// RegistryAccess holds the settings of the component that copies pull secrets to the namespaces that need them.
type RegistryAccess struct {
	Component `json:",inline"`

	// Namespace of the component.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Program that copies the secrets.
	// +optional
	ImagePullSecretsController *Component `json:"imagePullSecretsController,omitempty"`
	// Secrets with the registry's credentials.
	// +optional
	// +listType=atomic
	PullSecrets []metav1alpha1.NamespacedName `json:"pullSecrets,omitempty"`
}

// NodeExporter holds the settings of Prometheus' node exporter.
type NodeExporter struct {
	Component `json:",inline"`

	// Namespace of the component.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Pod security policy of the component. Kubernetes no longer has those: switching it on is reported.
	// +optional
	PSP *Toggle `json:"psp,omitempty"`
	// Whether the component's rights are set up.
	// +optional
	RBAC *Toggle `json:"rbac,omitempty"`
}

// StatusConditions are the conditions in the status, to be read and changed.
func (in *ControlPlane) StatusConditions() *[]metav1.Condition { return &in.Status.Conditions }
