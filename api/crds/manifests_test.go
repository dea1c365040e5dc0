package crds_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"
)

const (
	manifests = "../testdata/manifests"
	patches   = "../testdata/patches"
)

// Whoever holds a manifest from the documentation can apply it unchanged.
func TestDocumentedManifestsAreAccepted(t *testing.T) {
	checkers := checkers(t)
	for _, path := range glob(t, manifests, "*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			resource := read(t, path)
			for _, problem := range checkers[resource["kind"].(string)].problems(resource) {
				t.Error(problem)
			}
		})
	}
}

// The documentation tells to change an installation with these merge patches.
func TestDocumentedPatchesAreAccepted(t *testing.T) {
	targets := map[string]string{
		"controlplane":      "2.3.5.1-controlplane-1.yaml",
		"istiocontrolplane": "2.3.7-istiocontrolplane-1.yaml",
	}
	checkers := checkers(t)
	for kind, target := range targets {
		for _, path := range glob(t, patches, kind, "*.yaml") {
			t.Run(kind+"/"+filepath.Base(path), func(t *testing.T) {
				resource := merge(t, read(t, filepath.Join(manifests, target)), read(t, path))
				for _, problem := range checkers[resource["kind"].(string)].problems(resource) {
					t.Error(problem)
				}
			})
		}
	}
}

func glob(t *testing.T, parts ...string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(parts...))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files, error %v", filepath.Join(parts...), err)
	}
	return paths
}

func read(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, asJSON)
}

// decode reads numbers as an API server does: whole ones as int64.
func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var resource map[string]any
	if err := decoder.Decode(&resource); err != nil {
		t.Fatal(err)
	}
	return numbers(resource).(map[string]any)
}

func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, element := range value {
			value[key] = numbers(element)
		}
	case []any:
		for i, element := range value {
			value[i] = numbers(element)
		}
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		fraction, _ := value.Float64()
		return fraction
	}
	return value
}

func merge(t *testing.T, resource, patch map[string]any) map[string]any {
	t.Helper()
	before, err := json.Marshal(resource)
	if err != nil {
		t.Fatal(err)
	}
	change, err := json.Marshal(patch)
	if err != nil {
		t.Fatal(err)
	}
	after, err := jsonpatch.MergePatch(before, change)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, after)
}
