package rights

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	asmv1alpha1 "github.com/meshmanager/smm/api/asm/v1alpha1"
	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// reconciled are the kinds that have a controller: it reads them, sets their finalizers and writes
// their status.
func reconciled() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: asmv1alpha1.GroupVersion.Group, Kind: asmv1alpha1.KindServiceMesh},
		{Group: discoveryv3alpha1.GroupVersion.Group, Kind: discoveryv3alpha1.KindGlobalMesh},
		{Group: discoveryv3alpha1.GroupVersion.Group, Kind: discoveryv3alpha1.KindMeshCluster},
		{Group: smmv1alpha1.GroupVersion.Group, Kind: smmv1alpha1.KindControlPlane},
		{Group: smmv1alpha1.GroupVersion.Group, Kind: smmv1alpha1.KindDemoApplication},
		{Group: servicemeshv1alpha1.GroupVersion.Group, Kind: servicemeshv1alpha1.KindIstioControlPlane},
		{Group: servicemeshv1alpha1.GroupVersion.Group, Kind: servicemeshv1alpha1.KindIstioMesh},
		{Group: servicemeshv1alpha1.GroupVersion.Group, Kind: servicemeshv1alpha1.KindIstioMeshGateway},
	}
}

// use is something that the code does with objects that it did not render.
type use struct {
	target
	verbs []string
}

// uses lists them. What is missing here is found by the test that installs everything with these
// rights and no others.
func uses() []use {
	return []use{
		// Labels decide whose pods get which proxy, and pods which control plane is in use.
		{target{resource: "namespaces"}, []string{"get", "list", "watch"}},
		// What peers tell of their control planes decides where a passive one gets its istiod from, and whose
		// credentials istiod needs.
		{target{group: servicemeshv1alpha1.GroupVersion.Group, resource: "peeristiocontrolplanes"}, []string{"get", "list", "watch"}},
		{target{group: clusterregistryv1alpha1.GroupVersion.Group, resource: "clusters"}, []string{"get", "list", "watch"}},
		{target{resource: "pods"}, []string{"list"}},
		// A label of nodes tells the demo application whether it can have sidecars.
		{target{resource: "nodes"}, []string{"list", "watch"}},
		{target{group: "admissionregistration.k8s.io", resource: "mutatingwebhookconfigurations"}, []string{"list"}},
		{target{group: "networking.istio.io", resource: "workloadentries"}, []string{"list"}},
		// The registry's credentials are copied to where pods need them.
		{target{resource: "secrets"}, []string{"get", "create", "patch", "delete"}},
		// istiod leaves its root certificate in every namespace.
		{target{resource: "configmaps"}, []string{"get", "list", "delete"}},
		// What happened to a resource is told in events.
		{target{group: "events.k8s.io", resource: "events"}, []string{"create", "patch"}},
		// Who reads the metrics is asked for their rights.
		{target{group: "authentication.k8s.io", resource: "tokenreviews"}, []string{"create"}},
		{target{group: "authorization.k8s.io", resource: "subjectaccessreviews"}, []string{"create"}},
	}
}
