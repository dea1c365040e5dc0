package controlplane_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
)

var updateExpansion = flag.Bool("update-expansion", false, "write the rendered mesh expansion as the expected one")

// Each control plane of testdata/meshexpansion has the mesh expansion beside it: the documents'
// example, one with settings of its own, and with less exposed.
func TestMeshExpansion(t *testing.T) {
	inputs, err := filepath.Glob("testdata/meshexpansion/*.controlplane.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no control planes to render: %v", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(input, ".controlplane.yaml")
		t.Run(filepath.Base(name), func(t *testing.T) {
			objects := meshExpansion(t, input)
			var got bytes.Buffer
			for _, object := range objects {
				checkIstioResource(t, object)
				text, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString("---\n")
				got.Write(text)
			}
			if *updateExpansion {
				if err := os.WriteFile(name+".objects.yaml", got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ".objects.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("objects (-want +got), accept with -update-expansion:\n%s", diff)
			}
		})
	}
}

func meshExpansion(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := yaml.UnmarshalStrict(text, icp); err != nil {
		t.Fatal(err)
	}
	objects, err := controlplane.MeshExpansion(icp)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// checkIstioResource refuses fields that Istio's own types do not have.
func checkIstioResource(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	kinds := map[string]proto.Message{
		"Gateway": &networking.Gateway{}, "VirtualService": &networking.VirtualService{}, "DestinationRule": &networking.DestinationRule{},
	}
	if !strings.HasPrefix(object.GetAPIVersion(), "networking.istio.io/") {
		return
	}
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(spec, kinds[object.GetKind()]); err != nil {
		t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

// Without being asked for there is no mesh expansion.
func TestNoMeshExpansionUnlessEnabled(t *testing.T) {
	for name, config := range map[string]*v1alpha1.MeshExpansionConfig{"left out": nil, "empty": {}, "switched off": {Enabled: new(false)}} {
		icp := &v1alpha1.IstioControlPlane{Spec: v1alpha1.IstioControlPlaneSpec{MeshExpansion: config}}
		if objects, err := controlplane.MeshExpansion(icp); err != nil || len(objects) > 0 {
			t.Errorf("%s: %d objects, error %v; want none", name, len(objects), err)
		}
	}
}
