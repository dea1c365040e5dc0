package injection

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// Change says what setting injection did to a namespace.
type Change struct {
	Setting Setting
	// Written is false when the labels were already as wanted.
	Written bool
	// Removed is the istio-injection label, "istio-injection=<value>", that was taken away, or "".
	Removed string
}

// Get reads how injection is set for a namespace.
func Get(ctx context.Context, c client.Client, namespace string) (Setting, error) {
	planes, err := ControlPlanes(ctx, c)
	if err != nil {
		return Setting{}, err
	}
	labels, err := labelsOf(ctx, c, namespace)
	if err != nil {
		return Setting{}, err
	}
	return Describe(namespace, labels, planes), nil
}

// Enable lets the named control plane, or the cluster's only one, give new pods of a namespace their proxy.
func Enable(ctx context.Context, c client.Client, namespace, controlPlane string) (Change, error) {
	planes, err := ControlPlanes(ctx, c)
	if err != nil {
		return Change{}, err
	}
	plane, err := Choose(planes, controlPlane)
	if err != nil {
		return Change{}, err
	}
	return set(ctx, c, namespace, planes, map[string]any{istio.RevisionLabel: plane.Label(), istio.InjectionLabel: nil})
}

// Disable stops injection for new pods of a namespace.
func Disable(ctx context.Context, c client.Client, namespace string) (Change, error) {
	return set(ctx, c, namespace, nil, map[string]any{istio.RevisionLabel: nil, istio.InjectionLabel: nil})
}

// set gives labels their wanted values, nil for none, and writes only when one of them differs.
func set(ctx context.Context, c client.Client, namespace string, planes []istio.Revision, wanted map[string]any) (Change, error) {
	labels, err := labelsOf(ctx, c, namespace)
	if err != nil {
		return Change{}, err
	}
	change := Change{}
	if old, found := labels[istio.InjectionLabel]; found {
		change.Removed = istio.InjectionLabel + "=" + old
	}
	for label, value := range wanted {
		if current, found := labels[label]; value == nil && found || value != nil && value != current {
			change.Written = true
		}
	}
	if change.Written {
		if labels, err = patchLabels(ctx, c, namespace, wanted); err != nil {
			return Change{}, err
		}
	}
	change.Setting = Describe(namespace, labels, planes)
	return change, nil
}

func patchLabels(ctx context.Context, c client.Client, name string, labels map[string]any) (map[string]string, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return nil, err
	}
	namespace := &corev1.Namespace{}
	namespace.Name = name
	if err := c.Patch(ctx, namespace, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return nil, fmt.Errorf("label namespace %s: %w", name, err)
	}
	return namespace.Labels, nil
}

func labelsOf(ctx context.Context, c client.Client, name string) (map[string]string, error) {
	namespace := &corev1.Namespace{}
	err := c.Get(ctx, client.ObjectKey{Name: name}, namespace)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no namespace %q: make it with 'kubectl create namespace %s'", name, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read namespace %s: %w", name, err)
	}
	return namespace.Labels, nil
}

// ControlPlanes lists the control planes of a cluster; a cluster without the resource has none.
func ControlPlanes(ctx context.Context, c client.Client) ([]istio.Revision, error) {
	found := &v1alpha1.IstioControlPlaneList{}
	if err := c.List(ctx, found); err != nil {
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list the IstioControlPlanes: %w", err)
	}
	planes := make([]istio.Revision, 0, len(found.Items))
	for _, plane := range found.Items {
		planes = append(planes, istio.Revision{Name: plane.Name, Namespace: plane.Namespace})
	}
	return planes, nil
}
