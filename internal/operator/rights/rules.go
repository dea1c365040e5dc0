package rights

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/registry"
)

// Rules are the rules of the operator's ClusterRole, without wildcards, in a stable order. They
// follow from the kinds of the rendered objects, the roles among them, and what is read.
func Rules() ([]rbacv1.PolicyRule, error) {
	objects, err := Rendered()
	if err != nil {
		return nil, err
	}
	names := namesOf(objects)
	all := set{}
	for _, object := range objects {
		kind := object.GroupVersionKind().GroupKind()
		// Applying is a patch, which the API server takes for a creation where there is nothing yet.
		all.add(target{group: kind.Group, resource: names.of(kind)}, "get", "list", "watch", "create", "patch")
		if kind.Kind != "CustomResourceDefinition" { // they are never removed
			all.add(target{group: kind.Group, resource: names.of(kind)}, "delete")
		}
		if err := all.addGranted(object); err != nil {
			return nil, err
		}
	}
	for _, kind := range reconciled() {
		resource := names.of(kind)
		all.add(target{group: kind.Group, resource: resource}, "get", "list", "watch", "patch")
		all.add(target{group: kind.Group, resource: resource + "/status"}, "patch")
	}
	for _, use := range uses() {
		all.add(use.target, use.verbs...)
	}
	return all.rules(), nil
}

// target is what a right is about: all objects of a resource, or the one of the name.
type target struct {
	group, resource, name string
}

// set holds the verbs of each target.
type set map[target]map[string]bool

func (s set) add(t target, verbs ...string) {
	if s[t] == nil {
		s[t] = map[string]bool{}
	}
	for _, verb := range verbs {
		s[t][verb] = true
	}
}

// addGranted adds what a role gives to others, because nobody may give what they do not have, and
// the right to bind a role that somebody else made.
func (s set) addGranted(object *unstructured.Unstructured) error {
	if object.GroupVersionKind().Group != rbacv1.GroupName {
		return nil
	}
	switch object.GetKind() {
	case "ClusterRole", "Role":
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			return fmt.Errorf("decode %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		for _, rule := range role.Rules {
			s.addRule(rule)
		}
	case "ClusterRoleBinding", "RoleBinding":
		name, _, _ := unstructured.NestedString(object.Object, "roleRef", "name")
		if strings.HasPrefix(name, "system:") || name == platform.ImpersonatorRole || slices.Contains(registry.AggregatedRoles(), name) {
			s.add(target{group: rbacv1.GroupName, resource: "clusterroles", name: name}, "bind")
		}
	}
	return nil
}

func (s set) addRule(rule rbacv1.PolicyRule) {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, name := range names {
				s.add(target{group, resource, name}, rule.Verbs...)
			}
		}
	}
}

// rules writes the set with one rule for the resources of a group that have the same verbs, and
// one for the names of a resource that have.
func (s set) rules() []rbacv1.PolicyRule {
	targets := slices.SortedFunc(maps.Keys(s), func(a, b target) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name), cmp.Compare(a.resource, b.resource))
	})
	var rules []rbacv1.PolicyRule
	known := map[string]int{} // the rule of a group, name and verbs
	for _, t := range targets {
		verbs := slices.SortedFunc(maps.Keys(s[t]), byUsualOrder)
		key := strings.Join([]string{t.group, t.name, strings.Join(verbs, ",")}, "/")
		if i, found := known[key]; found {
			rules[i].Resources = append(rules[i].Resources, t.resource)
			continue
		}
		rule := rbacv1.PolicyRule{APIGroups: []string{t.group}, Resources: []string{t.resource}, Verbs: verbs}
		if t.name != "" {
			rule.ResourceNames = []string{t.name}
		}
		known[key] = len(rules)
		rules = append(rules, rule)
	}
	return rules
}

// byUsualOrder compares verbs: those that read come first.
func byUsualOrder(a, b string) int {
	usual := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	return cmp.Or(cmp.Compare(slices.Index(usual, a), slices.Index(usual, b)), cmp.Compare(a, b))
}
