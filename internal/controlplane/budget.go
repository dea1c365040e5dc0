package controlplane

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

const kindDisruptionBudget = "PodDisruptionBudget"

// withBudget gives istiod the disruption budget that is asked for in place of the chart's, which
// leaves one out where there is a single pod.
func withBudget(objects []*unstructured.Unstructured, istiod *unstructured.Unstructured, asked *v1alpha1.PodDisruptionBudget) ([]*unstructured.Unstructured, error) {
	if asked == nil || asked.MinAvailable == nil && asked.MaxUnavailable == nil {
		return objects, nil
	}
	var others []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() != kindDisruptionBudget {
			others = append(others, object)
		}
	}
	selector, _, err := unstructured.NestedStringMap(istiod.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return nil, fmt.Errorf("read the selector of Deployment %s: %w", istiod.GetName(), err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: policyv1.SchemeGroupVersion.String(), Kind: kindDisruptionBudget},
		ObjectMeta: metav1.ObjectMeta{Namespace: istiod.GetNamespace(), Name: istiod.GetName(), Labels: istiod.GetLabels()},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable:   asked.MinAvailable,
			MaxUnavailable: asked.MaxUnavailable,
			Selector:       &metav1.LabelSelector{MatchLabels: selector},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the %s of istiod: %w", kindDisruptionBudget, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return append(others, &unstructured.Unstructured{Object: content}), nil
}
