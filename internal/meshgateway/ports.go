package meshgateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// restorePorts takes away ports that somebody added to the live Service. Applying does not: it
// leaves list items of others alone, and a port that was renumbered by hand is one of those.
func (l *logic) restorePorts(ctx context.Context, live *corev1.Service, objects []*unstructured.Unstructured, owner kube.Owner) error {
	if live == nil || live.DeletionTimestamp != nil || live.Annotations[kube.OwnerAnnotation] != owner.String() {
		return nil
	}
	wanted, err := wantedPorts(live, objects)
	if err != nil || !hasForeignPorts(live.Spec.Ports, wanted) {
		return err
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": live.ResourceVersion}, // what was seen may not be what is there
		"spec":     map[string]any{"ports": keepNodePorts(wanted, live.Spec.Ports)},
	})
	if err != nil {
		return fmt.Errorf("encode the ports of Service %s/%s: %w", live.Namespace, live.Name, err)
	}
	if err := l.client.Patch(ctx, live.DeepCopy(), client.RawPatch(types.MergePatchType, patch), client.FieldOwner(kube.FieldManager)); err != nil {
		return fmt.Errorf("restore the ports of Service %s/%s: %w", live.Namespace, live.Name, err)
	}
	kube.NoteDrift(ctx, kube.Drift{
		Ref:    kube.Ref{Version: "v1", Kind: "Service", Namespace: live.Namespace, Name: live.Name},
		Fields: []string{".spec.ports"}, Managers: kube.OtherManagers(live, "spec", "ports"),
	})
	return nil
}

// wantedPorts are the ports that the live Service has among the rendered objects.
func wantedPorts(live *corev1.Service, objects []*unstructured.Unstructured) ([]corev1.ServicePort, error) {
	i := slices.IndexFunc(objects, func(object *unstructured.Unstructured) bool {
		return object.GetKind() == "Service" && object.GetName() == live.Name && object.GetNamespace() == live.Namespace
	})
	if i < 0 {
		return live.Spec.Ports, nil
	}
	var wanted corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[i].Object, &wanted); err != nil {
		return nil, fmt.Errorf("decode %s: %w", kube.RefOf(objects[i]), err)
	}
	return wanted.Spec.Ports, nil
}

func hasForeignPorts(live, wanted []corev1.ServicePort) bool {
	return slices.ContainsFunc(live, func(port corev1.ServicePort) bool {
		return !slices.ContainsFunc(wanted, func(other corev1.ServicePort) bool { return samePort(port, other) })
	})
}

// keepNodePorts gives each wanted port the node port that it has, so that nobody outside sees a change.
func keepNodePorts(wanted, live []corev1.ServicePort) []corev1.ServicePort {
	kept := slices.Clone(wanted)
	for i := range kept {
		had := slices.IndexFunc(live, func(port corev1.ServicePort) bool { return samePort(port, kept[i]) })
		if had >= 0 && kept[i].NodePort == 0 {
			kept[i].NodePort = live[had].NodePort
		}
	}
	return kept
}

// samePort compares by what the API server tells ports apart.
func samePort(a, b corev1.ServicePort) bool {
	return a.Port == b.Port && a.Protocol == b.Protocol
}
