package registry

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// nodeFacts passes changes of a node that change what is known of its cluster: a node reports its health all the time.
func nodeFacts() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.Node)
		after, also := e.ObjectNew.(*corev1.Node)
		return !ok || !also || before.Spec.ProviderID != after.Spec.ProviderID ||
			before.Status.NodeInfo != after.Status.NodeInfo || !maps.Equal(before.Labels, after.Labels)
	}}
}
