package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// ErrNoSchema tells that the API server describes a kind in no schema.
var ErrNoSchema = errors.New("the API server has no schema of the kind")

// Schema is the JSON schema of a kind: the API server's own description, whole in itself.
func (c *Cluster) Schema(kind Kind) ([]byte, error) {
	paths, err := c.discovery.OpenAPIV3().Paths()
	if err != nil {
		return nil, fmt.Errorf("ask cluster %s for its schemas: %w", c.Name, err)
	}
	path, found := paths["apis/"+kind.GroupVersion().String()]
	if !found {
		return nil, ErrNoSchema
	}
	content, err := path.Schema("application/json")
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s of cluster %s: %w", kind.GroupVersion(), c.Name, err)
	}
	return schemaOf(content, kind)
}

// schemaOf takes the schema of one kind, and those that it refers to, from the description of a whole API group.
func schemaOf(document []byte, kind Kind) ([]byte, error) {
	var description struct {
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &description); err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", kind.Kind, err)
	}
	for _, schema := range description.Components.Schemas {
		if !describes(schema, kind) {
			continue
		}
		whole := maps.Clone(schema)
		definitions := map[string]any{}
		collect(schema, description.Components.Schemas, definitions)
		whole["components"] = map[string]any{"schemas": definitions}
		text, err := json.Marshal(whole)
		if err != nil {
			return nil, fmt.Errorf("write the schema of %s: %w", kind.Kind, err)
		}
		return text, nil
	}
	return nil, ErrNoSchema
}

// describes tells whether a schema is that of a kind, by the mark that API servers put there.
func describes(schema map[string]any, kind Kind) bool {
	marks, _ := schema["x-kubernetes-group-version-kind"].([]any)
	for _, mark := range marks {
		fields, _ := mark.(map[string]any)
		if fields["group"] == kind.Group && fields["version"] == kind.Version && fields["kind"] == kind.Kind {
			return true
		}
	}
	return false
}

// collect adds what a schema refers to, and what that refers to.
func collect(value any, all map[string]map[string]any, into map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		if reference, ok := v["$ref"].(string); ok {
			name := strings.TrimPrefix(reference, "#/components/schemas/")
			if _, done := into[name]; !done && all[name] != nil {
				into[name] = all[name]
				collect(all[name], all, into)
			}
		}
		for _, inner := range v {
			collect(inner, all, into)
		}
	case []any:
		for _, inner := range v {
			collect(inner, all, into)
		}
	}
}
