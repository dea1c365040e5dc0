package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// override are the values that a user lays over the settings of a component.
type override struct {
	// path is the field that holds the values, such as spec.nodeExporter.valuesOverride.
	path   string
	values *apiextensionsv1.JSON
	// managed are the settings, by their paths, that are the product's own: an override that
	// touches one of them is an error.
	managed []string
}

// settle merges the settings of a component: the product's defaults, then the fields of the
// ControlPlane, then the values that override them. The error names the field that is unknown or
// that cannot be overridden. It is pure.
func settle[T any](defaults T, fields any, over override) (T, error) {
	var settled T
	merged, err := toMap(defaults)
	if err != nil {
		return settled, err
	}
	given, err := toMap(fields)
	if err != nil {
		return settled, err
	}
	values, err := over.read()
	if err != nil {
		return settled, fmt.Errorf("%s: %w", over.path, err)
	}
	encoded, err := json.Marshal(overlay(overlay(merged, given), values))
	if err != nil {
		return settled, err
	}
	if err := decodeStrictly(encoded, &settled); err != nil {
		return settled, fmt.Errorf("%s: %w", over.path, err)
	}
	return settled, nil
}

// read decodes the values, which are an object or YAML text, and refuses managed settings.
func (o override) read() (map[string]any, error) {
	if o.values == nil || len(o.values.Raw) == 0 {
		return nil, nil
	}
	text := o.values.Raw
	var embedded string
	if json.Unmarshal(text, &embedded) == nil {
		text = []byte(embedded)
	}
	var values map[string]any
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		return nil, fmt.Errorf("it is neither an object nor YAML of one: %w", err)
	}
	return values, managedIn(values, o.managed)
}

// managedIn refuses values that set one of the managed settings.
func managedIn(values map[string]any, managed []string) error {
	var refused []error
	for _, path := range managed {
		if _, set, err := unstructured.NestedFieldNoCopy(values, strings.Split(path, ".")...); set || err != nil {
			refused = append(refused, fmt.Errorf("%s is managed by the product and cannot be overridden: leave it out", path))
		}
	}
	return errors.Join(refused...)
}

func toMap(value any) (map[string]any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	var content map[string]any
	if err := json.Unmarshal(encoded, &content); err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return content, nil
}
