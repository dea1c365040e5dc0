package v1alpha1

import metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"

// MeshManager holds the settings of the component that installs Istio.
type MeshManager struct {
	Component `json:",inline"`

	// Namespace of the component.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// The control plane that is installed.
	// +optional
	Istio *MeshManagerIstio `json:"istio,omitempty"`
}

// MeshManagerIstio says which IstioControlPlane is installed.
type MeshManagerIstio struct {
	// Whether an IstioControlPlane is installed.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// The IstioControlPlane. It is made when it does not exist; an existing one keeps settings made in it.
	// +optional
	IstioCRRef *metav1alpha1.NamespacedName `json:"istioCRRef,omitempty"`
	// Where the programs run that reconcile IstioControlPlanes.
	// +optional
	Operators *IstioOperators `json:"operators,omitempty"`
	// YAML text of an IstioControlPlane, or of parts of it, merged over the IstioControlPlane.
	// +optional
	IstioCROverrides string `json:"istioCROverrides,omitempty"`
	// An older spelling of istioCROverrides, used when that is not set.
	// +optional
	IstioCRDOverrides string `json:"istioCRDOverrides,omitempty"`
	// Places that have further versions of Istio. A version that the product brings is taken from there, any other from
	// the first source that has it.
	// +optional
	// +listType=map
	// +listMapKey=name
	ChartSources []ChartSource `json:"chartSources,omitempty"`
	// Container of istiod.
	// +optional
	Pilot *Container `json:"pilot,omitempty"`
	// Container of the proxies.
	// +optional
	Proxy *Container `json:"proxy,omitempty"`
}

// IstioOperators says where the programs run that reconcile IstioControlPlanes.
type IstioOperators struct {
	// Namespace of the programs.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}
