package meshgateway

import (
	"fmt"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// budgetOf is the disruption budget that the gateway asks for, nil for none. The chart would leave
// one out where there is a single pod.
func budgetOf(gateway *v1alpha1.IstioMeshGateway) (*unstructured.Unstructured, error) {
	if gateway.Spec.Deployment == nil || gateway.Spec.Deployment.PodDisruptionBudget == nil {
		return nil, nil
	}
	asked := gateway.Spec.Deployment.PodDisruptionBudget
	budget := &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: policyv1.SchemeGroupVersion.String(), Kind: "PodDisruptionBudget"},
		ObjectMeta: metav1.ObjectMeta{Namespace: gateway.Namespace, Name: gateway.Name},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable:   asked.MinAvailable,
			MaxUnavailable: asked.MaxUnavailable,
			Selector:       &metav1.LabelSelector{MatchLabels: selectorOf(gateway)},
		},
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(budget)
	if err != nil {
		return nil, fmt.Errorf("encode the PodDisruptionBudget: %w", err)
	}
	unstructured.RemoveNestedField(content, "status")
	return &unstructured.Unstructured{Object: content}, nil
}
