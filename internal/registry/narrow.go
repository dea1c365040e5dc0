package registry

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// scope is the part of a kind's objects that peers are asked for, so that no more is read than rules can match. It goes
// by what an object keeps for life; "" is any.
type scope struct {
	namespace  string
	name       string
	secretType string
}

// scopeOf is the smallest scope of all objects that the rules for one kind can match.
func scopeOf(specs []*v1alpha1.ResourceSyncRuleSpec) scope {
	var common scope
	first := true
	for _, spec := range specs {
		for _, rule := range spec.Rules {
			if len(rule.Matches) == 0 {
				return scope{}
			}
			for _, match := range rule.Matches {
				next := scopeOfMatch(spec, &match)
				if first {
					common, first = next, false
				}
				common = common.with(next)
			}
		}
	}
	return common
}

func scopeOfMatch(spec *v1alpha1.ResourceSyncRuleSpec, match *v1alpha1.SyncRuleMatch) scope {
	s := scope{name: match.Name, namespace: match.Namespace}
	if match.ObjectKey != nil {
		s.name, s.namespace = cmp.Or(match.ObjectKey.Name, s.name), cmp.Or(match.ObjectKey.Namespace, s.namespace)
	}
	if len(match.Namespaces) == 1 {
		s.namespace = cmp.Or(s.namespace, match.Namespaces[0])
	}
	if spec.GVK.Group == "" && spec.GVK.Kind == "Secret" {
		for _, content := range match.Content {
			if content.Key == "type" && content.Value.Type == intstr.String {
				s.secretType = content.Value.StrVal
			}
		}
	}
	return s
}

// with is the scope that has all objects of both.
func (s scope) with(other scope) scope {
	both := func(a, b string) string {
		if a == b {
			return a
		}
		return ""
	}
	return scope{both(s.namespace, other.namespace), both(s.name, other.name), both(s.secretType, other.secretType)}
}

// selector asks an API server for the scope.
func (s scope) selector() string {
	var terms []fields.Selector
	for _, term := range [][2]string{{"metadata.namespace", s.namespace}, {"metadata.name", s.name}, {"type", s.secretType}} {
		if term[1] != "" {
			terms = append(terms, fields.OneTermEqualSelector(term[0], term[1]))
		}
	}
	return fields.AndSelectors(terms...).String()
}

// holds tells whether an object of the name is in the scope. copies are what is known of it here.
func (s scope) holds(key objectKey, copies []*unstructured.Unstructured) bool {
	if s.namespace != "" && s.namespace != key.namespace || s.name != "" && s.name != key.name {
		return false
	}
	for _, object := range copies {
		kind, _, _ := unstructured.NestedString(object.Object, "type")
		if s.secretType != "" && cmp.Or(kind, string(corev1.SecretTypeOpaque)) != s.secretType {
			return false
		}
	}
	return true
}
