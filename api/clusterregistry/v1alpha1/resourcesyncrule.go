package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// ResourceSyncRule says which objects of peers the cluster keeps copies of.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=resourcesyncrules,shortName=rsr
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.groupVersionKind.kind`,description="Kind of the objects"
// +kubebuilder:printcolumn:name="Synced",type=string,JSONPath=`.status.conditions[?(@.type=="Synced")].status`,description="Whether all copies are as they should be"
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Synced")].message`,description="What is not in sync",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ResourceSyncRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ResourceSyncRuleSpec `json:"spec,omitzero"`
	// +optional
	Status ResourceSyncRuleStatus `json:"status,omitzero"`
}

// ResourceSyncRuleList is a list of ResourceSyncRules.
//
// +kubebuilder:object:root=true
type ResourceSyncRuleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResourceSyncRule `json:"items"`
}

// ResourceSyncRuleSpec says what is copied, from where, and how copies differ from their originals.
type ResourceSyncRuleSpec struct {
	// Features of the clusters to copy from: a cluster has to match one of them. Every cluster does when not set.
	// +optional
	// +listType=atomic
	ClusterFeatureMatches []ClusterFeatureMatch `json:"clusterFeatureMatch,omitempty"`
	// Kind of the objects.
	GVK servicemeshv1alpha1.GroupVersionKind `json:"groupVersionKind"`
	// Which objects of the kind are copied: those that one of the rules matches. All matching rules' mutations apply,
	// in order.
	// +listType=atomic
	Rules []SyncRule `json:"rules"`
}

// ClusterFeatureMatch selects clusters by a feature of theirs.
type ClusterFeatureMatch struct {
	// Name of the feature. Any when not set.
	// +optional
	FeatureName string `json:"featureName,omitempty"`
	// Labels that the ClusterFeature has to have.
	// +optional
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
	// What else its labels have to be like.
	// +optional
	// +listType=atomic
	MatchExpressions []metav1.LabelSelectorRequirement `json:"matchExpressions,omitempty"`
}

// SyncRule selects objects, and says how copies differ from them.
type SyncRule struct {
	// Objects to copy: those that match one of these. All when not set.
	// +optional
	// +listType=atomic
	Matches []SyncRuleMatch `json:"match,omitempty"`
	// How copies differ from their originals.
	// +optional
	Mutations Mutations `json:"mutations,omitzero"`
}

// ConditionSynced is the condition of a ResourceSyncRule that tells whether all copies are as they should be.
const ConditionSynced = "Synced"

// ResourceSyncRuleStatus is what has become of a rule in this cluster.
type ResourceSyncRuleStatus struct {
	// Conditions in detail.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
