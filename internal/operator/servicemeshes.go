package operator

import (
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// addServiceMeshes has a round for every ServiceMesh when a part of one changes, or one that another waits for.
func addServiceMeshes(m manager.Manager, reconciler *kube.Reconciler[*asmv1alpha1.ServiceMesh]) error {
	all := toAll(m.GetClient(), &asmv1alpha1.ServiceMeshList{})
	return builder.ControllerManagedBy(m).
		Named("servicemesh").
		For(&asmv1alpha1.ServiceMesh{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&asmv1alpha1.ServiceMesh{}, all, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&servicemeshv1alpha1.IstioControlPlane{}, all).
		Watches(&servicemeshv1alpha1.IstioMeshGateway{}, all).
		Complete(rounds(reconciler))
}
