package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/peering"
)

// networkNamer is the field manager of a namespace's network label alone: the namespace itself may be anybody's.
const networkNamer = kube.FieldManager + "-network"

// nameNetwork has the namespace of the control plane tell the cluster's network: by it istiods, here and in peers, know
// where pods are that do not tell it themselves. A label that somebody else has set counts.
func (l *logic) nameNetwork(ctx context.Context, icp *v1alpha1.IstioControlPlane) error {
	var namespace corev1.Namespace
	err := l.client.Get(ctx, client.ObjectKey{Name: icp.Namespace}, &namespace)
	network := peering.NetworkOf(&icp.Spec)
	switch {
	case apierrors.IsNotFound(err) || err == nil && (namespace.Labels[networkLabel] == network || namespace.DeletionTimestamp != nil):
		return nil
	case err != nil:
		return fmt.Errorf("read namespace %s: %w", icp.Namespace, err)
	}
	if err := l.applyNetwork(ctx, icp.Namespace, map[string]any{networkLabel: network}); !apierrors.IsConflict(err) {
		return err
	}
	return nil
}

// forgetNetwork takes the label away with the last control plane of the namespace.
func (l *logic) forgetNetwork(ctx context.Context, icp *v1alpha1.IstioControlPlane, all []v1alpha1.IstioControlPlane) error {
	for i := range all {
		if all[i].Namespace == icp.Namespace && all[i].UID != icp.UID {
			return nil
		}
	}
	var namespace corev1.Namespace
	err := l.client.Get(ctx, client.ObjectKey{Name: icp.Namespace}, &namespace)
	switch {
	case apierrors.IsNotFound(err) || err == nil && (namespace.Labels[networkLabel] == "" || namespace.DeletionTimestamp != nil):
		return nil
	case err != nil:
		return fmt.Errorf("read namespace %s: %w", icp.Namespace, err)
	}
	return l.applyNetwork(ctx, icp.Namespace, map[string]any{})
}

func (l *logic) applyNetwork(ctx context.Context, namespace string, labels map[string]any) error {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace, "labels": labels},
	}}
	if err := l.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(networkNamer)); err != nil {
		return fmt.Errorf("label namespace %s with its network: %w", namespace, err)
	}
	return nil
}
