package registry

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// updated is a live copy as it has to be written to become the desired one. A copy is all that its original is, so that
// what others changed in it is taken back; but what its cluster keeps in it stays: finalizers, owners, the labels and
// annotations of Kubernetes' controllers, and the status unless it is copied too.
func updated(live, desired *unstructured.Unstructured) *unstructured.Unstructured {
	next := desired.DeepCopy()
	metadata, _, _ := unstructured.NestedMap(live.Object, "metadata")
	delete(metadata, "managedFields")
	next.Object["metadata"] = metadata
	next.SetLabels(withKubernetesOwn(desired.GetLabels(), live.GetLabels()))
	next.SetAnnotations(withKubernetesOwn(desired.GetAnnotations(), live.GetAnnotations()))
	if _, wanted := next.Object["status"]; !wanted {
		if status, found := live.Object["status"]; found {
			next.Object["status"] = status
		}
	}
	return next
}

func withKubernetesOwn(desired, live map[string]string) map[string]string {
	merged := map[string]string{}
	for key, value := range live {
		domain, _, qualified := strings.Cut(key, "/")
		if qualified && (isDomain(domain, "kubernetes.io") || isDomain(domain, "k8s.io")) {
			merged[key] = value
		}
	}
	for key, value := range desired {
		merged[key] = value
	}
	return merged
}

func isDomain(domain, of string) bool {
	return domain == of || strings.HasSuffix(domain, "."+of)
}

// sameContent tells whether writing next over live would change nothing, as far as it can be told without asking the
// API server, which may add defaults.
func sameContent(live, next *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(withoutBookkeeping(live), withoutBookkeeping(next))
}

// withoutBookkeeping leaves out what the API server itself counts and stamps. The objects are not changed.
func withoutBookkeeping(object *unstructured.Unstructured) map[string]any {
	content := make(map[string]any, len(object.Object))
	for key, value := range object.Object {
		content[key] = value
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		kept := make(map[string]any, len(metadata))
		for key, value := range metadata {
			switch key {
			case "managedFields", "resourceVersion", "generation":
			default:
				kept[key] = value
			}
		}
		content["metadata"] = kept
	}
	return content
}

func sameStatus(live, next *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(live.Object["status"], next.Object["status"])
}
