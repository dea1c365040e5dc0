package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/decode"
)

const (
	// incrementalEach makes a mesh of 5,000 objects.
	incrementalEach   = 500
	incrementalRounds = 20
)

// measureIncrement changes one VirtualService of a mesh, now wrong and now right, and reports how long its findings take.
func measureIncrement(r *report) error {
	engine := analyzer.New()
	objects, err := decoded("c1", meshOf(incrementalEach))
	if err != nil {
		return err
	}
	engine.Apply(validation.Change{Set: append(objects, analyzer.Cluster("c1"))})
	before := len(engine.Findings())
	for round := range incrementalRounds {
		wrong := round%2 == 0
		route := serviceWithConfiguration("team-0", "app-0")[3]
		if wrong {
			if err := unstructured.SetNestedSlice(route.Object, []any{map[string]any{"route": []any{
				map[string]any{"destination": map[string]any{"host": "nobody.team-0.svc.cluster.local"}},
			}}}, "spec", "http"); err != nil {
				return err
			}
		}
		changed, err := decoded("c1", []*unstructured.Unstructured{route})
		if err != nil {
			return err
		}
		started := time.Now()
		engine.Apply(validation.Change{Set: changed})
		took := time.Since(started)
		if found := len(engine.Findings()) > before; found != wrong {
			return errors.New("a changed VirtualService is not judged anew")
		}
		r.milliseconds(fmt.Sprintf("findings after one of %d objects changed", len(objects)), took, "under 50 ms")
	}
	return nil
}

func decoded(cluster string, objects []*unstructured.Unstructured) ([]*validation.Object, error) {
	schemas := map[string]decode.Schema{}
	for _, s := range decode.Schemas() {
		schemas[s.Resource.GroupVersion().String()+" "+s.Name] = s
	}
	var all []*validation.Object
	for _, o := range objects {
		schema, known := schemas[o.GetAPIVersion()+" "+o.GetKind()]
		if !known {
			return nil, fmt.Errorf("kind %s %s has no schema", o.GetAPIVersion(), o.GetKind())
		}
		raw, err := json.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		made, err := schema.Object(cluster, raw)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}
