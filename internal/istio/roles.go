package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// explicitRoles replaces the wildcards in the roles of Istio's chart by what they stand for, so
// that nobody gets rights to kinds that Istio does not know, and so that who applies the roles can
// hold each right of theirs. All is what Istio's own definitions and the other rules name.
func (r Release) explicitRoles(objects []*unstructured.Unstructured) error {
	definitions, err := r.CRDs()
	if err != nil {
		return err
	}
	known := resourcesOf(definitions)
	roles := map[*unstructured.Unstructured][]rbacv1.PolicyRule{}
	for _, object := range objects {
		if !isRole(object) {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			return fmt.Errorf("decode %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		roles[object] = role.Rules
		known.learn(role.Rules)
	}
	for object, rules := range roles {
		var explicit []any
		for _, rule := range known.spell(rules) {
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&rule)
			if err != nil {
				return fmt.Errorf("encode the rules of %s %s: %w", object.GetKind(), object.GetName(), err)
			}
			explicit = append(explicit, content)
		}
		object.Object["rules"] = explicit
	}
	return nil
}

func isRole(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind().Group == rbacv1.GroupName && (object.GetKind() == "ClusterRole" || object.GetKind() == "Role")
}

// resources are the names of the resources of each API group.
type resources map[string]map[string]bool

func resourcesOf(definitions []*unstructured.Unstructured) resources {
	known := resources{}
	for _, definition := range definitions {
		group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
		plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
		known.add(group, plural)
	}
	return known
}

func (k resources) add(group, resource string) {
	if k[group] == nil {
		k[group] = map[string]bool{}
	}
	k[group][resource] = true
}

// learn adds the resources that rules name, also those of which they name a part only. A rule for
// several groups does not tell which of them has which resource.
func (k resources) learn(rules []rbacv1.PolicyRule) {
	for _, rule := range rules {
		if len(rule.APIGroups) != 1 {
			continue
		}
		for _, resource := range rule.Resources {
			if whole, _, _ := strings.Cut(resource, "/"); whole != rbacv1.ResourceAll {
				k.add(rule.APIGroups[0], whole)
			}
		}
	}
}

// spell writes rules without wildcards, one for each group where it matters which of several groups
// has which resource. There is none for a group that has no resource.
func (k resources) spell(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var spelled []rbacv1.PolicyRule
	for _, rule := range rules {
		if slices.Contains(rule.Verbs, rbacv1.VerbAll) {
			rule.Verbs = allVerbs(rule.Resources)
		}
		if len(rule.APIGroups) == 1 && !slices.Contains(rule.Resources, rbacv1.ResourceAll) {
			spelled = append(spelled, rule)
			continue
		}
		for _, group := range rule.APIGroups {
			if named := k.named(group, rule.Resources); len(named) > 0 {
				spelled = append(spelled, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: named, Verbs: rule.Verbs})
			}
		}
	}
	return spelled
}

// named are the group's resources among those of a rule: of Istio's groups, whose resources are all
// known, those that exist.
func (k resources) named(group string, rule []string) []string {
	if slices.Contains(rule, rbacv1.ResourceAll) {
		return slices.Sorted(maps.Keys(k[group]))
	}
	if !strings.HasSuffix(group, ".istio.io") {
		return rule
	}
	return slices.DeleteFunc(slices.Clone(rule), func(resource string) bool {
		whole, _, _ := strings.Cut(resource, "/")
		return !k[group][whole]
	})
}

// allVerbs are those that mean something for the resources: a status can be read and changed.
func allVerbs(resources []string) []string {
	verbs := []string{"get", "update", "patch"}
	if slices.ContainsFunc(resources, func(resource string) bool { return !strings.HasSuffix(resource, "/status") }) {
		verbs = append(verbs, "list", "watch", "create", "delete")
	}
	return verbs
}
