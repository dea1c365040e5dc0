package istio_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/internal/istio"
)

// istiodRules are the rules of all roles that are rendered with a control plane.
func istiodRules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	objects, err := builtin(t).ControlPlane(istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var rules []rbacv1.PolicyRule
	for _, object := range objects {
		if kind := object.GetKind(); kind != "ClusterRole" && kind != "Role" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			t.Fatal(err)
		}
		if len(role.Rules) == 0 {
			t.Errorf("%s %s has no rule", object.GetKind(), object.GetName())
		}
		rules = append(rules, role.Rules...)
	}
	return rules
}

// No role that is applied gives rights to things that have no name.
func TestRolesHaveNoWildcards(t *testing.T) {
	for _, rule := range istiodRules(t) {
		for _, word := range slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs) {
			if strings.Contains(word, "*") {
				t.Errorf("wildcard in %v", rule)
			}
		}
	}
}

// What the chart's wildcards gave istiod it still has: it can watch every resource that it knows.
func TestIstiodCanWatchAllThatItKnows(t *testing.T) {
	rules := istiodRules(t)
	for group, resources := range map[string][]string{
		"networking.istio.io": {
			"destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars", "virtualservices",
			"workloadentries", "workloadgroups",
		},
		"security.istio.io":   {"authorizationpolicies", "peerauthentications", "requestauthentications"},
		"telemetry.istio.io":  {"telemetries"},
		"extensions.istio.io": {"wasmplugins"},
		"gateway.networking.k8s.io": {
			"backendtlspolicies", "gatewayclasses", "gateways", "grpcroutes", "httproutes", "listenersets", "referencegrants",
			"tcproutes", "tlsroutes", "udproutes",
		},
		"gateway.networking.x-k8s.io": {"xbackendtrafficpolicies"},
	} {
		for _, resource := range resources {
			readable := slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
				return slices.Contains(rule.APIGroups, group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, "watch")
			})
			if !readable {
				t.Errorf("istiod cannot watch %s.%s", resource, group)
			}
		}
	}
}
