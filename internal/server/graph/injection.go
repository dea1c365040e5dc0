package graph

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// SetInjection labels a namespace in the user's name. The older label goes, since it hides the namespace from revisions.
func (m mutation) SetInjection(ctx context.Context, clusterName, namespace string, revision *string) (*model.Namespace, error) {
	c, who, err := m.asked(ctx, clusterName)
	if err != nil {
		return nil, err
	}
	client, err := c.Kubernetes(who)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"labels": map[string]any{istio.RevisionLabel: revision, istio.InjectionLabel: nil},
	}})
	if err != nil {
		return nil, fmt.Errorf("encode the labels of namespace %s: %w", namespace, err)
	}
	changed, err := client.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: editor})
	if err != nil {
		return nil, fmt.Errorf("set the injection of namespace %s: %w", namespace, err)
	}
	m.auditNamespace(ctx, who, "set injection", c.Name, namespace)
	described := describeNamespace(c.Name, inventory.Namespace{Name: namespace, Revision: changed.Labels[istio.RevisionLabel]})
	return &described, nil
}
