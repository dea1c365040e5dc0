package kube

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rank orders kinds so that an object comes after what it needs: webhooks last, because a
// webhook without its backend refuses other objects.
func rank(kind string) int {
	switch kind {
	case "Namespace":
		return 0
	case "CustomResourceDefinition":
		return 1
	case "PriorityClass", "ResourceQuota", "LimitRange", "NetworkPolicy":
		return 2
	case "ServiceAccount":
		return 3
	case "Secret", "ConfigMap":
		return 4
	case "ClusterRole", "Role":
		return 5
	case "ClusterRoleBinding", "RoleBinding":
		return 6
	case "Service":
		return 7
	case "Deployment", "DaemonSet", "StatefulSet", "Job":
		return 9
	case "PodDisruptionBudget", "HorizontalPodAutoscaler":
		return 10
	case "ValidatingAdmissionPolicy":
		return 12
	case "ValidatingAdmissionPolicyBinding":
		return 13
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		return 14
	default:
		return 8
	}
}

// SortForApply orders objects for creation: stable by kind, then namespace and name.
func SortForApply(objects []*unstructured.Unstructured) {
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return compareRefs(RefOf(a), RefOf(b))
	})
}

// sortForRemoval orders references for deletion, the reverse of creation.
func sortForRemoval(refs []Ref) []Ref {
	sorted := slices.Clone(refs)
	slices.SortStableFunc(sorted, func(a, b Ref) int { return compareRefs(b, a) })
	return sorted
}

func compareRefs(a, b Ref) int {
	return cmp.Or(
		cmp.Compare(rank(a.Kind), rank(b.Kind)),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
	)
}
