package meshgateway

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// The security context constraints that a gateway's pods need on OpenShift: their user is 1337 or
// root, and neither is one of the namespace's own.
const (
	constraintNonRoot = "nonroot-v2"
	constraintRoot    = "anyuid"
)

// constraintBinding lets the gateway's account use the constraint that its pods need.
func constraintBinding(gateway *v1alpha1.IstioMeshGateway) *unstructured.Unstructured {
	constraint := constraintNonRoot
	if isTrue(gateway.Spec.RunAsRoot) {
		constraint = constraintRoot
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1",
		"kind":       "RoleBinding",
		// The name tells the constraint, because the role of a binding can never change.
		"metadata": map[string]any{"name": gateway.Name + "-scc-" + constraint, "namespace": gateway.Namespace},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:openshift:scc:" + constraint},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": gateway.Name + serviceAccountSuffix, "namespace": gateway.Namespace}},
	}}
}
