package operator

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// addServiceMeshes has a round for every ServiceMesh when a part of one changes, or one that another waits for.
func addServiceMeshes(m manager.Manager, reconciler *kube.Reconciler[*asmv1alpha1.ServiceMesh]) error {
	return builder.ControllerManagedBy(m).
		Named("servicemesh").
		For(&asmv1alpha1.ServiceMesh{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&asmv1alpha1.ServiceMesh{}, toServiceMeshes(m.GetClient()), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toServiceMeshes(m.GetClient())).
		Watches(&servicemeshv1alpha1.IstioMeshGateway{}, toServiceMeshes(m.GetClient())).
		Complete(rounds(reconciler))
}

// toServiceMeshes leads to a round for every ServiceMesh: a cluster has one, or very few.
func toServiceMeshes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) []reconcile.Request {
		var all asmv1alpha1.ServiceMeshList
		if err := c.List(ctx, &all); err != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		requests := make([]reconcile.Request, len(all.Items))
		for i := range all.Items {
			requests[i].NamespacedName = client.ObjectKeyFromObject(&all.Items[i])
		}
		return requests
	})
}
