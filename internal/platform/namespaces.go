package platform

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// SystemNamespace is the namespace of the product's own parts.
const SystemNamespace = "smm-system"

// Namespaces are those that a ControlPlane needs: Istio's, and those of the product's own parts.
func Namespaces(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) []*unstructured.Unstructured {
	names := []string{RevisionOf(cp, catalogue).Namespace, namespaceOfSMM(&cp.Spec)}
	if wantsClusterRegistry(&cp.Spec) {
		names = append(names, namespaceOfClusterRegistry(&cp.Spec))
	}
	if wantsNodeExporter(&cp.Spec) {
		names = append(names, cmp.Or(cp.Spec.NodeExporter.Namespace, SystemNamespace))
	}
	var namespaces []*unstructured.Unstructured
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		namespaces = append(namespaces, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
		}})
	}
	return namespaces
}

// namespaceOfSMM is the namespace of the product's own parts.
func namespaceOfSMM(spec *smmv1alpha1.ControlPlaneSpec) string {
	if spec.SMM == nil {
		return SystemNamespace
	}
	return cmp.Or(spec.SMM.Namespace, SystemNamespace)
}

// ours leaves out the namespaces that somebody else made: they are used, and neither marked nor
// ever removed.
func (l *logic) ours(ctx context.Context, owner kube.Owner, namespaces []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	var own []*unstructured.Unstructured
	for _, namespace := range namespaces {
		live := namespace.DeepCopy()
		err := l.client.Get(ctx, client.ObjectKeyFromObject(namespace), live)
		switch {
		case apierrors.IsNotFound(err), err == nil && owner.Owns(live):
			own = append(own, namespace)
		case err != nil:
			return nil, fmt.Errorf("read namespace %s: %w", namespace.GetName(), err)
		}
	}
	return own, nil
}

// removeNamespaces removes the namespaces of the inventory in which nothing runs any more. It
// returns what is still being removed.
func (l *logic) removeNamespaces(ctx context.Context, owner kube.Owner, inventory []kube.Ref) ([]kube.Ref, error) {
	var empty []kube.Ref
	for _, ref := range inventory {
		var pods corev1.PodList
		if err := l.client.List(ctx, &pods, client.InNamespace(ref.Name), client.Limit(1)); err != nil {
			return nil, fmt.Errorf("list pods in namespace %s: %w", ref.Name, err)
		}
		if len(pods.Items) == 0 {
			empty = append(empty, ref)
		}
	}
	if _, err := l.applier.Remove(ctx, owner, empty); err != nil {
		return nil, err
	}
	return l.applier.Remaining(ctx, owner, empty)
}
