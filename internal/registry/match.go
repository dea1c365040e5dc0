package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Matching lists those of the specification's rules that the object matches. The object is of the specification's kind.
// An error is a selector that is none.
func Matching(spec *v1alpha1.ResourceSyncRuleSpec, object *unstructured.Unstructured) ([]v1alpha1.SyncRule, error) {
	var matching []v1alpha1.SyncRule
	for i, rule := range spec.Rules {
		matches := len(rule.Matches) == 0
		for _, match := range rule.Matches {
			fits, err := matchesObject(&match, object)
			if err != nil {
				return nil, fmt.Errorf("spec.rules[%d]: %w", i, err)
			}
			matches = matches || fits
		}
		if matches {
			matching = append(matching, rule)
		}
	}
	return matching, nil
}

func matchesObject(match *v1alpha1.SyncRuleMatch, object *unstructured.Unstructured) (bool, error) {
	if !matchesKey(match, object) {
		return false, nil
	}
	for _, content := range match.Content {
		if !matchesContent(content, object.Object) {
			return false, nil
		}
	}
	if fits, err := matchesOne(match.Labels, object.GetLabels()); !fits || err != nil {
		return false, err
	}
	return len(match.Annotations) == 0 || slices.ContainsFunc(match.Annotations, func(selector v1alpha1.AnnotationSelector) bool {
		return matchesAnnotations(selector, object.GetAnnotations())
	}), nil
}

func matchesKey(match *v1alpha1.SyncRuleMatch, object *unstructured.Unstructured) bool {
	fits := func(wanted, actual string) bool { return wanted == "" || wanted == actual }
	name, namespace := object.GetName(), object.GetNamespace()
	if key := match.ObjectKey; key != nil && (!fits(key.Name, name) || !fits(key.Namespace, namespace)) {
		return false
	}
	if !fits(match.Name, name) || !fits(match.Namespace, namespace) {
		return false
	}
	return len(match.Namespaces) == 0 || namespace == "" || slices.Contains(match.Namespaces, namespace)
}

// matchesOne tells whether one of the selectors selects the set, or there are none.
func matchesOne(selectors []metav1.LabelSelector, set map[string]string) (bool, error) {
	for _, documented := range selectors {
		selector, err := metav1.LabelSelectorAsSelector(&documented)
		if err != nil {
			return false, err
		}
		if selector.Matches(labels.Set(set)) {
			return true, nil
		}
	}
	return len(selectors) == 0, nil
}

// matchesAnnotations: as for labels, but annotations may have any value.
func matchesAnnotations(selector v1alpha1.AnnotationSelector, annotations map[string]string) bool {
	for key, wanted := range selector.MatchAnnotations {
		if value, found := annotations[key]; !found || value != wanted {
			return false
		}
	}
	for _, requirement := range selector.MatchExpressions {
		value, found := annotations[requirement.Key]
		listed := slices.Contains(requirement.Values, value)
		fits := false
		switch requirement.Operator {
		case metav1.LabelSelectorOpIn:
			fits = found && listed
		case metav1.LabelSelectorOpNotIn:
			fits = !found || !listed
		case metav1.LabelSelectorOpExists:
			fits = found
		case metav1.LabelSelectorOpDoesNotExist:
			fits = !found
		}
		if !fits {
			return false
		}
	}
	return true
}

func matchesContent(selector v1alpha1.ContentSelector, content map[string]any) bool {
	value, found := valueAt(content, splitPath(selector.Key))
	if !found {
		return false
	}
	if selector.Value.Type == intstr.String {
		return fmt.Sprint(value) == selector.Value.StrVal
	}
	switch number := value.(type) {
	case int64:
		return number == int64(selector.Value.IntVal)
	case float64:
		return number == float64(selector.Value.IntVal)
	}
	return false
}

// splitPath splits at dots that no backslash stands before.
func splitPath(path string) []string {
	const dot = "\x00"
	parts := strings.Split(strings.ReplaceAll(path, `\.`, dot), ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], dot, ".")
	}
	return parts
}

func valueAt(node any, path []string) (value any, found bool) {
	for _, part := range path {
		switch parent := node.(type) {
		case map[string]any:
			node, found = parent[part]
		case []any:
			i, err := strconv.Atoi(part)
			if found = err == nil && i >= 0 && i < len(parent); found {
				node = parent[i]
			}
		default:
			found = false
		}
		if !found {
			return nil, false
		}
	}
	return node, true
}

// MatchesFeatures tells whether a cluster with the features is one that the specification copies from.
func MatchesFeatures(spec *v1alpha1.ResourceSyncRuleSpec, features []v1alpha1.ClusterFeature) (bool, error) {
	if len(spec.ClusterFeatureMatches) == 0 {
		return true, nil
	}
	for i, match := range spec.ClusterFeatureMatches {
		selector, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{
			MatchLabels: match.MatchLabels, MatchExpressions: match.MatchExpressions,
		})
		if err != nil {
			return false, fmt.Errorf("spec.clusterFeatureMatch[%d]: %w", i, err)
		}
		for _, feature := range features {
			named := match.FeatureName == "" || match.FeatureName == feature.Spec.FeatureName
			if named && selector.Matches(labels.Set(feature.Labels)) {
				return true, nil
			}
		}
	}
	return false, nil
}
