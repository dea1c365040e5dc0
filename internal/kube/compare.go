package kube

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// sameObject tells whether applying would leave the object as it is: the same content, and the
// same fields owned by the product. What the API server itself counts and stamps is left out.
func sameObject(live, applied *unstructured.Unstructured) bool {
	return equality.Semantic.DeepEqual(comparable(live), comparable(applied)) &&
		ownedFields(live) == ownedFields(applied)
}

func comparable(object *unstructured.Unstructured) map[string]any {
	c := object.DeepCopy()
	c.SetManagedFields(nil)
	c.SetResourceVersion("")
	c.SetGeneration(0)
	unstructured.RemoveNestedField(c.Object, "status")
	return c.Object
}

// ownedFields is the set of fields that the product applied, as the API server encodes it.
func ownedFields(object *unstructured.Unstructured) string {
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" {
			if entry.FieldsV1 == nil {
				return ""
			}
			raw := entry.FieldsV1.GetRawBytes()
			var fields any
			if json.Unmarshal(raw, &fields) != nil {
				return string(raw)
			}
			canonical, err := json.Marshal(fields)
			if err != nil {
				return string(raw)
			}
			return string(canonical)
		}
	}
	return ""
}
