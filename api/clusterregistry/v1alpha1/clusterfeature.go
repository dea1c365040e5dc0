package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ClusterFeature says that the cluster has a feature, so that the rules of other clusters can tell it apart.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=clusterfeatures,shortName=cf
// +kubebuilder:printcolumn:name="Feature",type=string,JSONPath=`.spec.featureName`,description="Name of the feature"
type ClusterFeature struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ClusterFeatureSpec `json:"spec"`
}

// ClusterFeatureList is a list of ClusterFeatures.
//
// +kubebuilder:object:root=true
type ClusterFeatureList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ClusterFeature `json:"items"`
}

// ClusterFeatureSpec names a feature.
type ClusterFeatureSpec struct {
	// Name of the feature.
	// +kubebuilder:validation:MinLength=1
	FeatureName string `json:"featureName"`
}
