package kube

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keeper is the field manager that holds the number of pods for an autoscaler to begin with.
const keeper = FieldManager + "-replicas"

// HandOverReplicas keeps the pods of a Deployment that gets an autoscaler and whose number of pods
// the product applied until now. A field that is not applied any more falls back to its default,
// and a single pod may be too few until the autoscaler acts. A Deployment that is nil, or whose
// replicas are somebody else's already, is left alone.
func HandOverReplicas(ctx context.Context, c client.Client, live *appsv1.Deployment) error {
	if live == nil || live.Spec.Replicas == nil || !appliesReplicas(live) {
		return nil
	}
	kept := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "Deployment",
		"metadata":   map[string]any{"name": live.Name, "namespace": live.Namespace},
		"spec":       map[string]any{"replicas": int64(*live.Spec.Replicas)},
	}}
	if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(kept), client.FieldOwner(keeper), client.ForceOwnership); err != nil {
		return fmt.Errorf("hand the replicas of Deployment %s/%s over: %w", live.Namespace, live.Name, err)
	}
	return nil
}

// appliesReplicas tells whether the product applied the number of pods.
func appliesReplicas(live *appsv1.Deployment) bool {
	for _, entry := range live.ManagedFields {
		if entry.Manager != FieldManager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Spec map[string]json.RawMessage `json:"f:spec"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) == nil && fields.Spec["f:replicas"] != nil {
			return true
		}
	}
	return false
}
