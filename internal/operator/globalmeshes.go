package operator

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// addGlobalMeshes has a round for every GlobalMesh when a part of one changes, here or in another cluster.
func addGlobalMeshes(m manager.Manager, reconciler *kube.Reconciler[*discoveryv3alpha1.GlobalMesh]) error {
	all := toAll(m.GetClient(), &discoveryv3alpha1.GlobalMeshList{})
	return watchMeshParts(builder.ControllerManagedBy(m), all).
		Named("globalmesh").
		For(&discoveryv3alpha1.GlobalMesh{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&discoveryv3alpha1.MeshCluster{}, all, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(metadataOf(corev1.SchemeGroupVersion.WithKind("Service")), toOwner(discoveryv3alpha1.KindGlobalMesh)).
		Complete(rounds(reconciler))
}

// addMeshClusters has a round for every MeshCluster when it can be connected otherwise than before.
func addMeshClusters(m manager.Manager, reconciler *kube.Reconciler[*discoveryv3alpha1.MeshCluster]) error {
	all := toAll(m.GetClient(), &discoveryv3alpha1.MeshClusterList{})
	return watchMeshParts(builder.ControllerManagedBy(m), all).
		Named("meshcluster").
		For(&discoveryv3alpha1.MeshCluster{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&discoveryv3alpha1.GlobalMesh{}, all, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(rounds(reconciler))
}

// watchMeshParts leads from what tells how the parts of a mesh are, in all of its clusters.
func watchMeshParts(build *builder.Builder, to handler.EventHandler) *builder.Builder {
	return build.
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, to).
		Watches(&servicemeshv1alpha1.PeerIstioControlPlane{}, to).
		Watches(&clusterregistryv1alpha1.Cluster{}, to)
}

// toAll leads to a round for everything of a kind, of which a cluster has few.
func toAll(c client.Client, kind client.ObjectList) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) []reconcile.Request {
		list := kind.DeepCopyObject().(client.ObjectList)
		if err := c.List(ctx, list); err != nil {
			return nil // the cache is not synced; its first events lead to rounds anyway
		}
		var requests []reconcile.Request
		_ = meta.EachListItem(list, func(item runtime.Object) error {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(item.(client.Object))})
			return nil
		})
		return requests
	})
}
