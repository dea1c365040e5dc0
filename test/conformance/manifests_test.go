package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// An API server may delay, reject or warn of a definition that a schema check alone passes: for its size, its rules'
// cost, its names.
func TestDefinitionsAreServedWithoutWarning(t *testing.T) {
	c := start(t)
	if warnings := c.warnings.all(); len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
}

// Whoever holds a manifest from the documentation can apply it unchanged, and the API server stores it as it is: a
// GitOps tool that compares the two sees no difference.
func TestDocumentedManifests(t *testing.T) {
	c := start(t)
	objects := frontDoors(t)
	for _, path := range testdata(t, "manifests", "*.yaml") {
		objects[filepath.Base(path)] = read(t, path)
	}
	for name, object := range objects {
		t.Run(name, func(t *testing.T) {
			text, err := object.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			applied, err := c.resource(t, object).Patch(t.Context(), object.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{
				FieldManager:    fieldManager,
				FieldValidation: metav1.FieldValidationStrict,
				DryRun:          []string{metav1.DryRunAll},
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(object.Object["spec"], applied.Object["spec"]); diff != "" {
				t.Errorf("spec as stored (-manifest +stored):\n%s", diff)
			}
		})
	}
}

// frontDoors are the documented resources that are translated into the product's, by the document and their names.
func frontDoors(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	objects := map[string]*unstructured.Unstructured{}
	for _, door := range []string{"alauda", "mspider"} {
		text, err := os.ReadFile(filepath.Join(kubetest.RepositoryRoot(t), "internal", "frontdoor", door, "testdata", "documented.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\n---\n") {
			object := parse(t, part)
			objects[door+"-"+strings.ToLower(object.GetKind())+"-"+object.GetName()] = object
		}
	}
	return objects
}

// The documentation tells to change an installation with `kubectl patch --type=merge`.
func TestDocumentedPatches(t *testing.T) {
	c := start(t)
	for kind, target := range map[string]string{
		"controlplane":      "2.3.5.1-controlplane-1.yaml",
		"istiocontrolplane": "2.3.7-istiocontrolplane-1.yaml",
	} {
		object := c.create(t, read(t, testdata(t, "manifests", target)[0]))
		for _, path := range testdata(t, "patches", kind, "*.yaml") {
			t.Run(kind+"/"+filepath.Base(path), func(t *testing.T) {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				patch, err := yaml.YAMLToJSONStrict(text)
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.resource(t, object).Patch(t.Context(), object.GetName(), types.MergePatchType, patch, metav1.PatchOptions{
					FieldValidation: metav1.FieldValidationStrict,
					DryRun:          []string{metav1.DryRunAll},
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}
