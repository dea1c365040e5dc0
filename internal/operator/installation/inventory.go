package installation

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/operator/chart"
)

// inventory remembers in a ConfigMap what was applied, for a later upgrade or removal.
type inventory struct {
	client    client.Client
	applier   *kube.Applier
	namespace string
}

const (
	inventoryName = chart.Name + "-inventory"
	inventoryKey  = "objects.json"
)

func (i *Installer) inventory(namespace string) inventory {
	return inventory{i.client, i.applier, namespace}
}

func (i inventory) read(ctx context.Context) ([]kube.Ref, error) {
	var config corev1.ConfigMap
	err := i.client.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: inventoryName}, &config)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", i.namespace, inventoryName, err)
	}
	var refs []kube.Ref
	if err := json.Unmarshal([]byte(config.Data[inventoryKey]), &refs); err != nil {
		return nil, fmt.Errorf("read what the operator consists of from ConfigMap %s/%s: %w", i.namespace, inventoryName, err)
	}
	return refs, nil
}

func (i inventory) write(ctx context.Context, refs []kube.Ref) error {
	encoded, err := json.Marshal(refs)
	if err != nil {
		return fmt.Errorf("encode what the operator consists of: %w", err)
	}
	_, err = i.applier.Apply(ctx, owner(), []*unstructured.Unstructured{i.object(string(encoded))})
	return err
}

func (i inventory) remove(ctx context.Context) error {
	_, err := i.applier.Remove(ctx, owner(), []kube.Ref{kube.RefOf(i.object(""))})
	return err
}

func (i inventory) object(content string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": inventoryName, "namespace": i.namespace},
		"data":     map[string]any{inventoryKey: content},
	}}
}
