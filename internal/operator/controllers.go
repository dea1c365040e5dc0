package operator

import (
	"context"
	"errors"
	"time"

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
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	// maxRounds bounds the rounds that run at the same time, one a resource.
	maxRounds = 4

	// reassure is when a resource that waits for something is looked at again although no event
	// came: what it waits for may be outside what is watched.
	reassure = 30 * time.Second
)

func addControlPlanes(m manager.Manager, reconciler *kube.Reconciler[*smmv1alpha1.ControlPlane]) error {
	build := builder.ControllerManagedBy(m).
		Named("controlplane").
		For(&smmv1alpha1.ControlPlane{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toOwner(smmv1alpha1.KindControlPlane)).
		Watches(&servicemeshv1alpha1.IstioMeshGateway{}, toOwner(smmv1alpha1.KindControlPlane)).
		Watches(&corev1.Namespace{}, toOwner(smmv1alpha1.KindControlPlane)).
		Watches(&corev1.Namespace{}, toAllControlPlanes(m.GetClient()), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxRounds})
	for _, kind := range Watched() {
		build = build.WatchesMetadata(metadataOf(kind), toOwner(smmv1alpha1.KindControlPlane))
	}
	return build.Complete(rounds(reconciler))
}

// toAllControlPlanes leads from a namespace whose pods get proxies, or no longer do, to a round
// for every ControlPlane: it may need the registry's credentials.
func toAllControlPlanes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, namespace client.Object) []reconcile.Request {
		var all smmv1alpha1.ControlPlaneList
		if _, labelled := namespace.GetLabels()[istio.RevisionLabel]; !labelled || c.List(ctx, &all) != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		var requests []reconcile.Request
		for i := range all.Items {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
		}
		return requests
	})
}

func addIstioControlPlanes(m manager.Manager, reconciler *kube.Reconciler[*servicemeshv1alpha1.IstioControlPlane]) error {
	build := builder.ControllerManagedBy(m).
		Named("istiocontrolplane").
		For(&servicemeshv1alpha1.IstioControlPlane{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toOtherIstioControlPlanes(m.GetClient()), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.PeerIstioControlPlane{}, toTheControlPlanes(m.GetClient())).
		Watches(&servicemeshv1alpha1.IstioMesh{}, toItsControlPlanes(m.GetClient()), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioMeshGateway{}, toOwner(servicemeshv1alpha1.KindIstioControlPlane)).
		Watches(&corev1.Namespace{}, toAllIstioControlPlanes(m.GetClient()), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxRounds})
	for _, kind := range Watched() {
		build = build.WatchesMetadata(metadataOf(kind), toOwner(servicemeshv1alpha1.KindIstioControlPlane))
	}
	return build.Complete(rounds(reconciler))
}

// toAllIstioControlPlanes leads to a round for every control plane: a namespace's label may
// select another one than before.
func toAllIstioControlPlanes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, namespace client.Object) []reconcile.Request {
		if _, labelled := namespace.GetLabels()[istio.RevisionLabel]; !labelled && namespace.GetDeletionTimestamp() == nil {
			return nil
		}
		return istioControlPlanesExcept(ctx, c, client.ObjectKey{})
	})
}

// toTheControlPlanes leads from what is told of a peer's control plane to a round for every control plane.
func toTheControlPlanes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) []reconcile.Request {
		return istioControlPlanesExcept(ctx, c, client.ObjectKey{})
	})
}

// toOtherIstioControlPlanes leads from one control plane to a round for the others: the one that
// comes after it takes over what control planes share.
func toOtherIstioControlPlanes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, icp client.Object) []reconcile.Request {
		return istioControlPlanesExcept(ctx, c, client.ObjectKeyFromObject(icp))
	})
}

func istioControlPlanesExcept(ctx context.Context, c client.Client, one client.ObjectKey) []reconcile.Request {
	var all servicemeshv1alpha1.IstioControlPlaneList
	if err := c.List(ctx, &all); err != nil {
		return nil // the cache is not synced; its first events lead to rounds anyway
	}
	requests := make([]reconcile.Request, 0, len(all.Items))
	for i := range all.Items {
		if key := client.ObjectKeyFromObject(&all.Items[i]); key != one {
			requests = append(requests, reconcile.Request{NamespacedName: key})
		}
	}
	return requests
}

// rounds adapts a reconciler to controller-runtime's queue.
func rounds[T client.Object](reconciler *kube.Reconciler[T]) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		outcome, err := reconciler.Reconcile(ctx, request.NamespacedName)
		switch {
		case errors.Is(err, context.Canceled):
			return reconcile.Result{}, nil
		case err != nil:
			return reconcile.Result{}, err
		case outcome.RequeueAfter > 0:
			return reconcile.Result{RequeueAfter: outcome.RequeueAfter}, nil
		case !outcome.Done:
			return reconcile.Result{RequeueAfter: reassure}, nil
		}
		return reconcile.Result{}, nil
	})
}
