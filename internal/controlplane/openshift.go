package controlplane

import (
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshmanager/smm/internal/istio"
)

// The documented security context constraints. istiod's user is none of its namespace's own, and
// the CNI plugin changes the nodes' networks.
func istiodConstraints() []string { return []string{"nonroot-v2"} }
func cniConstraints() []string    { return []string{"privileged", "hostnetwork"} }

// constraintBindings let a service account of the control plane's namespace use constraints.
func constraintBindings(revision istio.Revision, account string, constraints []string) []*unstructured.Unstructured {
	var bindings []*unstructured.Unstructured
	for _, constraint := range constraints {
		bindings = append(bindings, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1",
			"kind":       "RoleBinding",
			"metadata":   map[string]any{"name": account + "-scc-" + constraint, "namespace": revision.Namespace},
			"roleRef":    map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:openshift:scc:" + constraint},
			"subjects":   []any{map[string]any{"kind": "ServiceAccount", "name": account, "namespace": revision.Namespace}},
		}})
	}
	return bindings
}

// platform finds out once whether the cluster is one of OpenShift. It is safe for concurrent use.
type platform struct {
	mapper meta.RESTMapper

	mu        sync.Mutex
	known     bool
	openShift bool
}

func (p *platform) isOpenShift() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known {
		return p.openShift, nil
	}
	_, err := p.mapper.RESTMapping(schema.GroupKind{Group: "security.openshift.io", Kind: "SecurityContextConstraints"})
	if err != nil && !meta.IsNoMatchError(err) {
		return false, fmt.Errorf("look for OpenShift's security context constraints: %w", err)
	}
	p.known, p.openShift = true, err == nil
	return p.openShift, nil
}
