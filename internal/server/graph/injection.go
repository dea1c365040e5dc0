package graph

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// SetInjection labels a namespace in the user's name. The older label goes, since it hides the namespace from revisions.
func (m mutation) SetInjection(ctx context.Context, clusterName, namespace string, revision *string) (*model.Namespace, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	c := m.cluster(clusterName)
	if c == nil {
		return nil, fmt.Errorf("there is no cluster %q", clusterName)
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
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("v1")
	object.SetKind("Namespace")
	object.SetName(namespace)
	m.audit(ctx, who, "set injection", c.Name, object, nil)
	described := describeNamespace(c.Name, inventory.Namespace{Name: namespace, Revision: changed.Labels[istio.RevisionLabel]})
	return &described, nil
}
