package cluster

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const document = `{"components": {"schemas": {
	"shop.Cart": {
		"type": "object",
		"properties": {"item": {"$ref": "#/components/schemas/shop.Item"}},
		"x-kubernetes-group-version-kind": [{"group": "shop", "version": "v1", "kind": "Cart"}]
	},
	"shop.Item": {"properties": {"next": {"allOf": [{"$ref": "#/components/schemas/shop.Item"}]}, "price": {"$ref": "#/components/schemas/shop.Price"}}},
	"shop.Price": {"type": "number"},
	"shop.Other": {"type": "string"}
}}}`

func TestSchemaOfAKindIsWholeInItself(t *testing.T) {
	kind := Kind{GroupVersionKind: schema.GroupVersionKind{Group: "shop", Version: "v1", Kind: "Cart"}}
	text, err := schemaOf([]byte(document), kind)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Type       string
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for name := range got.Components.Schemas {
		names[name] = true
	}
	if diff := cmp.Diff(map[string]bool{"shop.Item": true, "shop.Price": true}, names); diff != "" || got.Type != "object" {
		t.Errorf("type %q, definitions (-want +got):\n%s", got.Type, diff)
	}
}

func TestSchemaOfAnUnknownKind(t *testing.T) {
	kind := Kind{GroupVersionKind: schema.GroupVersionKind{Group: "shop", Version: "v2", Kind: "Cart"}}
	if _, err := schemaOf([]byte(document), kind); !errors.Is(err, ErrNoSchema) {
		t.Errorf("error %v, want %v", err, ErrNoSchema)
	}
}
