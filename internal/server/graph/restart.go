package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// restartAnnotation of pods is what kubectl sets to have them made anew.
const restartAnnotation = "kubectl.kubernetes.io/restartedAt"

// RestartWorkloads makes the pods of a namespace's workloads anew in the user's name.
func (m mutation) RestartWorkloads(ctx context.Context, clusterName, namespace string) ([]string, error) {
	c, who, err := m.asked(ctx, clusterName)
	if err != nil {
		return nil, err
	}
	client, err := c.Dynamic(who)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{restartAnnotation: time.Now().UTC().Format(time.RFC3339)},
	}}}})
	if err != nil {
		return nil, fmt.Errorf("encode the restart: %w", err)
	}
	restarted := []string{}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		of := client.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}).Namespace(namespace)
		list, err := of.List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list the %s of namespace %s: %w", resource, namespace, err)
		}
		for i := range list.Items {
			workload := &list.Items[i]
			if _, err := of.Patch(ctx, workload.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: editor}); err != nil {
				return nil, fmt.Errorf("restart %s %s of namespace %s: %w", workload.GetKind(), workload.GetName(), namespace, err)
			}
			restarted = append(restarted, nameOf(workload))
		}
	}
	m.auditNamespace(ctx, who, "restart workloads", c.Name, namespace)
	return restarted, nil
}

// nameOf is how users know a workload.
func nameOf(workload *unstructured.Unstructured) string {
	return workload.GetKind() + " " + workload.GetName()
}
