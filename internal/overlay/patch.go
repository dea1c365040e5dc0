package overlay

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// errMissing tells that a path leads nowhere.
var errMissing = errors.New("does not exist")

// patch is a documented patch, parsed.
type patch struct {
	path   string
	steps  []step
	remove bool
	value  any
}

func parsePatch(p v1alpha1.OverlayPatch) (patch, error) {
	steps, err := parsePath(p.Path)
	if err != nil {
		return patch{}, err
	}
	parsed := patch{path: p.Path, steps: steps, remove: p.Type == v1alpha1.OverlayPatchRemove, value: p.Value}
	if p.ParseValue {
		text, err := yaml.YAMLToJSON([]byte(p.Value))
		if err != nil {
			return patch{}, fmt.Errorf("value for path %q is no YAML: %w", p.Path, err)
		}
		if err := json.Unmarshal(text, &parsed.value); err != nil {
			return patch{}, fmt.Errorf("value for path %q is no YAML: %w", p.Path, err)
		}
	}
	return parsed, nil
}

// optional tells whether the patch may have nothing to do.
func (p patch) optional() bool { return p.steps[len(p.steps)-1].optional }

// applyTo changes the content of an object in place.
func (p patch) applyTo(content map[string]any) error {
	change := p.set
	if p.remove {
		change = removeChild
	}
	_, err := walk(content, p.steps, change)
	if errors.Is(err, errMissing) && p.remove && p.optional() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("path %q: %w", p.path, err)
	}
	return nil
}

// walk follows the steps to the last one, where it makes the change, and returns the node as it is
// afterwards. What an optional path leads through and does not exist is made on the way.
func walk(node any, steps []step, change func(node any, last step) (any, error)) (any, error) {
	if len(steps) == 1 {
		return change(node, steps[0])
	}
	child, err := childOf(node, steps[0])
	if err != nil && !steps[0].optional {
		return nil, err
	}
	if err != nil {
		child = emptyParentOf(steps[1])
	}
	changed, err := walk(child, steps[1:], change)
	if err != nil {
		return nil, err
	}
	return setChild(node, steps[0], changed)
}

func (p patch) set(node any, last step) (any, error) {
	if _, err := childOf(node, last); err != nil && !last.optional && !last.isAppend() {
		return nil, err
	}
	return setChild(node, last, runtime.DeepCopyJSONValue(p.value))
}

func emptyParentOf(s step) any {
	if s.isAppend() {
		return []any{}
	}
	return map[string]any{}
}

func childOf(node any, s step) (any, error) {
	switch parent := node.(type) {
	case map[string]any:
		if child, found := parent[s.key]; found {
			return child, nil
		}
	case []any:
		if i, found := s.indexIn(parent); found {
			return parent[i], nil
		}
	}
	return nil, fmt.Errorf("%q %w", s.key, errMissing)
}

func setChild(node any, s step, value any) (any, error) {
	switch parent := node.(type) {
	case map[string]any:
		parent[s.key] = value
		return parent, nil
	case []any:
		if s.isAppend() {
			return append(parent, value), nil
		}
		if i, found := s.indexIn(parent); found {
			parent[i] = value
			return parent, nil
		}
	}
	return nil, fmt.Errorf("%q %w", s.key, errMissing)
}

func removeChild(node any, s step) (any, error) {
	switch parent := node.(type) {
	case map[string]any:
		if _, found := parent[s.key]; found {
			delete(parent, s.key)
			return parent, nil
		}
	case []any:
		if i, found := s.indexIn(parent); found {
			return append(parent[:i:i], parent[i+1:]...), nil
		}
	}
	return nil, fmt.Errorf("%q %w", s.key, errMissing)
}
