package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the API group and version of this package.
	GroupVersion = schema.GroupVersion{Group: "clusterregistry.k8s.cisco.com", Version: "v1alpha1"}

	// SchemeBuilder collects the functions that add this package's types to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds this package's types to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kinds of this group.
const (
	KindCluster          = "Cluster"
	KindClusterFeature   = "ClusterFeature"
	KindResourceSyncRule = "ResourceSyncRule"
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Cluster{}, &ClusterList{},
		&ClusterFeature{}, &ClusterFeatureList{},
		&ResourceSyncRule{}, &ResourceSyncRuleList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
