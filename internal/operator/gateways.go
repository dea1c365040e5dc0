package operator

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// AddIstioMeshGateways has the manager reconcile IstioMeshGateways on events.
func AddIstioMeshGateways(m manager.Manager, reconciler *kube.Reconciler[*servicemeshv1alpha1.IstioMeshGateway]) error {
	build := builder.ControllerManagedBy(m).
		Named("istiomeshgateway").
		For(&servicemeshv1alpha1.IstioMeshGateway{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toGateways(m.GetClient(), ofControlPlane)).
		Watches(&corev1.Namespace{}, toGateways(m.GetClient(), inNamespace), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxRounds})
	for _, kind := range Watched() {
		build = build.WatchesMetadata(metadataOf(kind), toOwner(servicemeshv1alpha1.KindIstioMeshGateway))
	}
	return build.Complete(rounds(reconciler))
}

// toGateways leads to a round for every gateway that the object concerns.
func toGateways(c client.Client, concerns func(gateway *servicemeshv1alpha1.IstioMeshGateway, object client.Object) bool) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, object client.Object) []reconcile.Request {
		var all servicemeshv1alpha1.IstioMeshGatewayList
		if err := c.List(ctx, &all); err != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		var requests []reconcile.Request
		for i := range all.Items {
			if concerns(&all.Items[i], object) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
			}
		}
		return requests
	})
}

func ofControlPlane(gateway *servicemeshv1alpha1.IstioMeshGateway, icp client.Object) bool {
	return meshgateway.RevisionOf(gateway) == (istio.Revision{Name: icp.GetName(), Namespace: icp.GetNamespace()})
}

func inNamespace(gateway *servicemeshv1alpha1.IstioMeshGateway, namespace client.Object) bool {
	return gateway.Namespace == namespace.GetName()
}
