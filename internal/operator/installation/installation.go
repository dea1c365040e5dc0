// Package installation brings the operator to a cluster and takes it away again: what its Helm chart
// renders, applied and remembered by the product itself. It also tells whether an operator manages
// a cluster, whoever brought it there.
package installation

import (
	"context"
	"fmt"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/platform"
)

// Settings are what a user can say about the operator.
type Settings struct {
	// Namespace is where it runs.
	Namespace string
	// Values are laid over those of the chart.
	Values map[string]any
	// KubernetesVersion is that of the cluster, such as v1.36.3.
	KubernetesVersion string
}

// Objects are everything that the operator needs on a cluster: the custom resource definitions, its
// namespace, and what the chart renders. The error names the value that is refused.
func Objects(settings Settings) ([]*unstructured.Unstructured, error) {
	objects, err := platform.Definitions()
	if err != nil {
		return nil, err
	}
	rendered, err := render(settings)
	if err != nil {
		return nil, err
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": settings.Namespace},
	}}
	return append(append(objects, namespace), rendered...), nil
}

func render(settings Settings) ([]*unstructured.Unstructured, error) {
	objects, err := chart.Render(settings.Namespace, settings.Values, settings.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	kube.SortForApply(objects)
	return objects, nil
}

// Installer brings the operator to one cluster.
type Installer struct {
	client  client.WithWatch
	applier *kube.Applier
}

// NewInstaller returns an Installer for the cluster of the client. Writes are logged as information.
func NewInstaller(c client.WithWatch, log *slog.Logger) *Installer {
	return &Installer{client: c, applier: kube.NewApplier(c).LogTo(log)}
}

// owner marks what the Installer applied.
func owner() kube.Owner { return kube.Owner{Kind: "ServiceMeshManager", Name: "operator"} }

// Install makes the cluster have the operator with the given settings and waits until it is
// available; watch is told what for. It can be repeated, also after it was interrupted at any point:
// what is as it should be is not touched, and what the settings do not ask for any more is removed.
// It fails, and writes nothing, where an operator is that something else brought.
func (i *Installer) Install(ctx context.Context, settings Settings, watch func(waiting string)) error {
	objects, err := render(settings)
	if err != nil {
		return err
	}
	if err := i.ours(ctx, settings.Namespace, objects); err != nil {
		return err
	}
	if err := platform.ApplyDefinitions(ctx, i.client, i.applier); err != nil {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: settings.Namespace}}
	if err := i.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", settings.Namespace, err)
	}
	record := i.inventory(settings.Namespace)
	known, err := record.read(ctx)
	if err != nil {
		return err
	}
	if _, err := i.applier.Sync(ctx, owner(), objects, known, record.write); err != nil {
		return err
	}
	return i.awaitAvailable(ctx, settings.Namespace, watch)
}

// ours fails when the operator, or a part of it, was brought by something else.
func (i *Installer) ours(ctx context.Context, namespace string, objects []*unstructured.Unstructured) error {
	found, err := Find(ctx, i.client)
	if err != nil {
		return err
	}
	if found != nil && found.Namespace != namespace {
		return fmt.Errorf("the operator is already in namespace %s: remove it first with `smm operator uninstall --namespace %s`", found.Namespace, found.Namespace)
	}
	for _, object := range objects {
		live := object.DeepCopy()
		err := i.client.Get(ctx, client.ObjectKeyFromObject(object), live)
		if err == nil && !owner().Owns(live) {
			return foreign(live)
		}
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("read %s: %w", kube.RefOf(object), err)
		}
	}
	return nil
}

func foreign(live *unstructured.Unstructured) error {
	if live.GetLabels()[kube.ManagedByLabel] == "Helm" {
		return fmt.Errorf("%s was made by Helm: change the operator with `helm upgrade`, or remove it first with `helm uninstall`", kube.RefOf(live))
	}
	return fmt.Errorf("%s was not made by this command: change the operator where it comes from, or remove it there first", kube.RefOf(live))
}
