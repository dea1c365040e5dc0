package meshgateway

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// The documented labels by which Gateway resources and users find a gateway's objects and pods.
const (
	NameLabel = "gateway-name"
	TypeLabel = "gateway-type"
)

// injectLabel asks for injection of a pod.
const injectLabel = "sidecar.istio.io/inject"

// labelsOf are the labels that each of the gateway's objects has, whatever its users add.
func labelsOf(gateway *v1alpha1.IstioMeshGateway) map[string]string {
	return map[string]string{NameLabel: gateway.Name, TypeLabel: string(gateway.Spec.Type)}
}

// podLabelsOf are the labels that each of the gateway's pods has, whatever its users add.
func podLabelsOf(gateway *v1alpha1.IstioMeshGateway, revision istio.Revision) map[string]string {
	labels := labelsOf(gateway)
	labels[istio.RevisionLabel] = revision.Label()
	labels[injectLabel] = "true"
	return labels
}

// selectorOf selects the gateway's pods. A Deployment's selector can never change, so it holds
// nothing that may: neither the revision nor the type nor labels of users.
func selectorOf(gateway *v1alpha1.IstioMeshGateway) map[string]string {
	return map[string]string{NameLabel: gateway.Name}
}

// addMetadata adds labels and annotations to the object's.
func addMetadata(object *unstructured.Unstructured, metadata v1alpha1.ObjectMetadata) {
	if len(metadata.Labels) > 0 {
		object.SetLabels(joined(object.GetLabels(), metadata.Labels))
	}
	if len(metadata.Annotations) > 0 {
		object.SetAnnotations(joined(object.GetAnnotations(), metadata.Annotations))
	}
}

// joined is base with over laid over it.
func joined(base, over map[string]string) map[string]string {
	result := maps.Clone(base)
	if result == nil {
		result = map[string]string{}
	}
	maps.Copy(result, over)
	return result
}
