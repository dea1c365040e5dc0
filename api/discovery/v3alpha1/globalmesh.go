package v3alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GlobalMesh is a mesh of one or several clusters. Namespaces join it by the label istio.io/rev=<name of the mesh>.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=globalmeshes
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`,description="Who runs the control plane"
// +kubebuilder:printcolumn:name="OwnerCluster",type=string,JSONPath=`.spec.ownerCluster`,description="Cluster with the control plane"
// +kubebuilder:printcolumn:name="DeployNamespace",type=string,JSONPath=`.status.deployNamespace`,description="Namespace of the control plane"
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`,description="State of the mesh"
// +kubebuilder:printcolumn:name="MeshVersion",type=string,JSONPath=`.status.meshVersion`,description="Version of Istio that runs"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 35",message="the name becomes Istio's revision: it may hold at most 35 lower case letters, digits and '-'"
type GlobalMesh struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec GlobalMeshSpec `json:"spec,omitzero"`
	// +optional
	Status GlobalMeshStatus `json:"status,omitzero"`
}

// GlobalMeshList is a list of GlobalMeshes.
//
// +kubebuilder:object:root=true
type GlobalMeshList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GlobalMesh `json:"items"`
}

// Mode says who runs a mesh's control plane.
//
// +kubebuilder:validation:Enum=HOSTED;DEDICATED;EXTERNAL
type Mode string

// Modes of a mesh.
const (
	// ModeHosted: the owner cluster has the control plane, and worker clusters use it.
	ModeHosted Mode = "HOSTED"
	// ModeDedicated: the mesh is the owner cluster alone.
	ModeDedicated Mode = "DEDICATED"
	// ModeExternal: somebody else installs Istio; it is only looked at.
	ModeExternal Mode = "EXTERNAL"
)

// GlobalMeshSpec is the wanted mesh.
type GlobalMeshSpec struct {
	// Who runs the control plane: HOSTED, DEDICATED or EXTERNAL. DEDICATED when not set.
	// +optional
	Mode Mode `json:"mode,omitempty"`
	// Name of the cluster with the control plane.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	OwnerCluster string `json:"ownerCluster"`
	// Names of the mesh's clusters. MeshClusters that name the mesh are of it too.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	Clusters []string `json:"clusters,omitempty"`
	// Registry that images come from. Istio's own when not set.
	// +optional
	Hub string `json:"hub,omitempty"`
	// Settings of the control plane.
	// +optional
	OwnerConfig OwnerConfig `json:"ownerConfig,omitzero"`
}

// OwnerConfig holds the settings of a mesh's control plane.
type OwnerConfig struct {
	// Namespace of the control plane. istio-system when not set.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	DeployNamespace string `json:"deployNamespace,omitempty"`
	// Parameters, such as global.istio_version and istio.custom_params.values.global.remotePilotAddress.
	// +optional
	ControlPlaneParams map[string]string `json:"controlPlaneParams,omitempty"`
	// Further parameters that are no texts.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	ControlPlaneParamsStruct *apiextensionsv1.JSON `json:"controlPlaneParamsStruct,omitempty"`
}
