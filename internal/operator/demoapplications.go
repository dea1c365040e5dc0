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
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

func addDemoApplications(m manager.Manager, reconciler *kube.Reconciler[*smmv1alpha1.DemoApplication]) error {
	build := builder.ControllerManagedBy(m).
		Named("demoapplication").
		For(&smmv1alpha1.DemoApplication{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toDemoApplications(m.GetClient())).
		Watches(&corev1.Namespace{}, toDemoApplications(m.GetClient()), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxRounds})
	for _, kind := range Watched() {
		build = build.WatchesMetadata(metadataOf(kind), toOwner(smmv1alpha1.KindDemoApplication))
	}
	return build.Complete(rounds(reconciler))
}

// toDemoApplications leads to a round for every demo application that the object concerns: those in a namespace, and
// all when it is a control plane.
func toDemoApplications(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, object client.Object) []reconcile.Request {
		var within []client.ListOption
		if namespace, ok := object.(*corev1.Namespace); ok {
			within = append(within, client.InNamespace(namespace.Name))
		}
		var all smmv1alpha1.DemoApplicationList
		if err := c.List(ctx, &all, within...); err != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		var requests []reconcile.Request
		for i := range all.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
		}
		return requests
	})
}
