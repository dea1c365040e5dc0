package registry

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// objectKey names an object of a cluster.
type objectKey struct {
	kind      schema.GroupVersionKind
	namespace string
	name      string
}

func keyOf(object *unstructured.Unstructured) objectKey {
	return objectKey{object.GroupVersionKind(), object.GetNamespace(), object.GetName()}
}

// String is what users see: Kind namespace/name.
func (k objectKey) String() string {
	if k.namespace == "" {
		return k.kind.Kind + " " + k.name
	}
	return k.kind.Kind + " " + k.namespace + "/" + k.name
}

// stored is the key under which stores of one kind keep the object.
func (k objectKey) stored() string {
	if k.namespace == "" {
		return k.name
	}
	return k.namespace + "/" + k.name
}

// parseKind reads what GroupVersionKind.String writes: group/version, Kind=kind.
func parseKind(text string) (schema.GroupVersionKind, error) {
	groupVersion, kind, found := strings.Cut(text, ", Kind=")
	if !found {
		return schema.GroupVersionKind{}, fmt.Errorf("%q names no kind", text)
	}
	group, version, found := strings.Cut(groupVersion, "/")
	if !found {
		group, version = "", groupVersion
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}, nil
}
