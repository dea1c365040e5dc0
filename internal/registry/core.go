package registry

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// coreObjects are the feature and the rules by which clusters learn of each other: every cluster takes over the
// Clusters, their credentials in the namespace, and the rules of those it knows.
func coreObjects(namespace string) ([]*unstructured.Unstructured, error) {
	feature := &v1alpha1.ClusterFeature{
		ObjectMeta: coreMeta("cluster-registry-core-resources"),
		Spec:       v1alpha1.ClusterFeatureSpec{FeatureName: v1alpha1.CoreResourcesSourceFeature},
	}
	feature.SetGroupVersionKind(featureKind())
	credentials := v1alpha1.SyncRuleMatch{
		Namespaces: []string{namespace},
		Content:    []v1alpha1.ContentSelector{{Key: "type", Value: intstr.FromString(string(v1alpha1.SecretTypeClusterRegistry))}},
	}
	registry := v1alpha1.GroupVersion
	objects := []runtime.Object{
		feature,
		coreRule("cluster-registry-core-resource-clusters-sink",
			servicemeshv1alpha1.GroupVersionKind{Group: registry.Group, Version: registry.Version, Kind: v1alpha1.KindCluster}),
		coreRule("cluster-registry-core-resource-cluster-secrets-sink",
			servicemeshv1alpha1.GroupVersionKind{Version: "v1", Kind: "Secret"}, credentials),
		coreRule("cluster-registry-core-resource-syncrules-sink",
			servicemeshv1alpha1.GroupVersionKind{Group: registry.Group, Version: registry.Version, Kind: v1alpha1.KindResourceSyncRule}),
	}
	encoded := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, &unstructured.Unstructured{Object: content})
	}
	return encoded, nil
}

// coreMeta: each cluster has these of its own, so that they are not copied.
func coreMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{v1alpha1.CoreResourceLabel: "true"},
		Annotations: map[string]string{v1alpha1.SyncDisabledAnnotation: "true"},
	}
}

func coreRule(name string, kind servicemeshv1alpha1.GroupVersionKind, matches ...v1alpha1.SyncRuleMatch) *v1alpha1.ResourceSyncRule {
	rule := &v1alpha1.ResourceSyncRule{ObjectMeta: coreMeta(name)}
	rule.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindResourceSyncRule))
	rule.Spec = v1alpha1.ResourceSyncRuleSpec{
		ClusterFeatureMatches: []v1alpha1.ClusterFeatureMatch{{FeatureName: v1alpha1.CoreResourcesSourceFeature}},
		GVK:                   kind,
		Rules:                 []v1alpha1.SyncRule{{Matches: matches}},
	}
	return rule
}
