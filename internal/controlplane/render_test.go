package controlplane_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// documented is where the documents' own examples are.
const documented = "../../api/testdata"

// decode reads an IstioControlPlane and lays the patches over it.
func decode(t testing.TB, path string, patches ...string) *v1alpha1.IstioControlPlane {
	t.Helper()
	icp := &v1alpha1.IstioControlPlane{}
	for _, name := range append([]string{path}, patches...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, icp); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return icp
}

func find(t testing.TB, version string) istio.Release {
	t.Helper()
	release, err := istio.Builtin().Find(version)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// What control planes render to, as the only ones of their clusters. Run with -update after a
// change that is meant, and review the difference.
func TestGolden(t *testing.T) {
	example := documented + "/manifests/2.3.7-istiocontrolplane-"
	for name, test := range map[string]struct {
		manifest string
		patches  []string
		version  string
		facts    controlplane.Facts
	}{
		"documented-full":    {manifest: example + "1.yaml"},
		"documented-minimal": {manifest: example + "2.yaml"},
		"documented-passive": {manifest: example + "3.yaml"},
		"documented-vault":   {manifest: example + "2.yaml", patches: []string{documented + "/patches/istiocontrolplane/2.11.7-vault.yaml"}},
		"documented-cni":     {manifest: example + "2.yaml", patches: []string{documented + "/patches/istiocontrolplane/2.3.8-cni.yaml"}, facts: controlplane.Facts{CNI: true, OpenShift: true}},
		"older-line":         {manifest: example + "2.yaml", version: "1.30"},
		"settings":           {manifest: "testdata/settings.yaml", facts: controlplane.Facts{CNI: true}},
		"injection":          {manifest: "testdata/injection.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			icp := decode(t, test.manifest, test.patches...)
			test.facts.KubernetesVersion, test.facts.Base = "v1.36.3", true
			rendered, err := controlplane.Render(icp, find(t, test.version), test.facts)
			if err != nil {
				t.Fatal(err)
			}
			got := present(t, controlplane.Unsupported(&icp.Spec), rendered.All())
			golden := filepath.Join("testdata", "golden", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// present is what a golden file holds: the objects, where texts that are Istio's own stand as
// checksums.
func present(t *testing.T, unsupported []string, objects []*unstructured.Unstructured) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, field := range unsupported {
		fmt.Fprintf(&text, "# without effect: %s\n", field)
	}
	for _, object := range objects {
		object = object.DeepCopy()
		data, _, _ := unstructured.NestedStringMap(object.Object, "data")
		for key, value := range data {
			if err := unstructured.SetNestedField(object.Object, shorten(t, key, value), "data", key); err != nil {
				t.Fatal(err)
			}
		}
		encoded, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n")
		text.Write(encoded)
	}
	return text.Bytes()
}

// shorten leaves a text of a ConfigMap in full unless it holds Istio's defaults or templates.
func shorten(t *testing.T, key, value string) any {
	t.Helper()
	switch key {
	case "original-values", "merged-values", "values":
		return digest(value)
	case "config":
		var config map[string]any
		if err := yaml.Unmarshal([]byte(value), &config); err != nil {
			t.Fatalf("the injection config is no YAML: %v", err)
		}
		templates, _ := config["templates"].(map[string]any)
		for name, template := range templates {
			if !strings.HasPrefix(name, "smm-") {
				templates[name] = digest(template.(string))
			}
		}
		return config
	}
	return value
}

func digest(text string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
}

// The same specification must give the same objects, or every round would write.
func TestRenderingIsStable(t *testing.T) {
	icp := decode(t, "testdata/settings.yaml")
	render := func() string {
		objects, err := controlplane.Objects(icp, find(t, ""), "v1.36.3", true)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(objects)
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	first := render()
	for range 3 {
		if diff := cmp.Diff(first, render()); diff != "" {
			t.Fatal(diff)
		}
	}
}

func BenchmarkObjects(b *testing.B) {
	icp, release := decode(b, documented+"/manifests/2.3.7-istiocontrolplane-1.yaml"), find(b, "")
	for b.Loop() {
		if _, err := controlplane.Objects(icp, release, "v1.36.3", true); err != nil {
			b.Fatal(err)
		}
	}
}

func decodeYAML(t testing.TB, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
