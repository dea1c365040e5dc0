package rights

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// names are the resources of kinds that are defined on the cluster. Those of others follow from
// the kind.
type names map[schema.GroupKind]string

func namesOf(objects []*unstructured.Unstructured) names {
	known := names{
		// Its definition is the Multus project's, which OpenShift brings.
		{Group: "k8s.cni.cncf.io", Kind: "NetworkAttachmentDefinition"}: "network-attachment-definitions",
	}
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		group, _, _ := unstructured.NestedString(object.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(object.Object, "spec", "names", "kind")
		known[schema.GroupKind{Group: group, Kind: kind}], _, _ = unstructured.NestedString(object.Object, "spec", "names", "plural")
	}
	return known
}

func (n names) of(kind schema.GroupKind) string {
	if resource, known := n[kind]; known {
		return resource
	}
	resource, _ := meta.UnsafeGuessKindToResource(kind.WithVersion(""))
	return resource.Resource
}
