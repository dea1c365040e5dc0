package kube

import (
	"encoding/hex"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// digestAnnotation holds the digest of what was applied. Only custom resource definitions have
// it: they are so large that even a dry run of each takes the API server a good part of a second.
const digestAnnotation = "smm.cisco.com/digest"

// sign notes the digest of a custom resource definition in it.
func sign(object *unstructured.Unstructured) error {
	if object.GetKind() != "CustomResourceDefinition" {
		return nil
	}
	digest, err := digestOf(object)
	if err != nil {
		return fmt.Errorf("encode %s: %w", RefOf(object), err)
	}
	annotations := object.GetAnnotations()
	annotations[digestAnnotation] = hex.EncodeToString(digest[:])
	object.SetAnnotations(annotations)
	return nil
}

func signed(object *unstructured.Unstructured) bool {
	return object.GetAnnotations()[digestAnnotation] != ""
}

// untouched tells from the metadata alone that a signed object is what was applied: it has the
// same digest, and nobody changed its specification since it was made, which would have counted
// its generation up.
func untouched(desired *unstructured.Unstructured, live *metav1.PartialObjectMetadata) bool {
	return signed(desired) && live.Generation == 1 &&
		live.Annotations[digestAnnotation] == desired.GetAnnotations()[digestAnnotation] &&
		live.Annotations[OwnerAnnotation] == desired.GetAnnotations()[OwnerAnnotation]
}
