package operator

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/kube"
)

func addIstioMeshes(m manager.Manager, reconciler *kube.Reconciler[*servicemeshv1alpha1.IstioMesh]) error {
	return builder.ControllerManagedBy(m).
		Named("istiomesh").
		For(&servicemeshv1alpha1.IstioMesh{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, toItsMesh(), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxRounds}).
		Complete(rounds(reconciler))
}

// toItsMesh leads from a control plane to a round for the mesh that it belongs to.
func toItsMesh() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, object client.Object) []reconcile.Request {
		icp, ok := object.(*servicemeshv1alpha1.IstioControlPlane)
		if !ok || icp.Spec.MeshID == "" {
			return nil
		}
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: icp.Namespace, Name: icp.Spec.MeshID}}}
	})
}

// toItsControlPlanes leads from a mesh to a round for every control plane that inherits from it.
func toItsControlPlanes(c client.Client) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, mesh client.Object) []reconcile.Request {
		members, err := controlplane.MembersOf(ctx, c, client.ObjectKeyFromObject(mesh))
		if err != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		var requests []reconcile.Request
		for _, name := range members {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Namespace: mesh.GetNamespace(), Name: name}})
		}
		return requests
	})
}
