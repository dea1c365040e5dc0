package v3alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the API group and version of this package.
	GroupVersion = schema.GroupVersion{Group: "discovery.mspider.io", Version: "v3alpha1"}

	// SchemeBuilder collects the functions that add this package's types to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds this package's types to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kinds of this group.
const (
	KindGlobalMesh  = "GlobalMesh"
	KindMeshCluster = "MeshCluster"
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &GlobalMesh{}, &GlobalMeshList{}, &MeshCluster{}, &MeshClusterList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
