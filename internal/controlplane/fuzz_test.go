package controlplane_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
)

// Whatever a specification holds, and the API server would have refused some of it, it is rendered
// or refused.
func FuzzRender(f *testing.F) {
	for _, path := range []string{
		"testdata/settings.yaml", "testdata/injection.yaml",
		documented + "/manifests/2.3.7-istiocontrolplane-1.yaml",
		documented + "/patches/istiocontrolplane/2.11.7-vault.yaml",
		documented + "/patches/istiocontrolplane/2.3.8-cni.yaml",
	} {
		spec, err := json.Marshal(decode(f, path).Spec)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(spec, []byte(`{"accessLogFile":"/dev/stdout"}`), true)
	}
	for _, spec := range []string{
		`{"meshConfig":null,"tracer":{"lightstep":{"address":"\u0000"}},"proxy":{"tracer":"lightstep"}}`,
		`{"meshConfig":{"defaultConfig":{"tracing":[]}},"meshID":"a\nb","clusterID":"{{ }}"}`,
		`{"istiod":{"deployment":{"env":[{"name":"","value":"\"\\"},{"name":"A B"}],"replicas":{"count":-1,"min":9,"max":2}}}}`,
		`{"k8sResourceOverlays":[{"patches":[{"path":"/data?/config","value":"null","parseValue":true}]}]}`,
		`{"k8sResourceOverlays":[{"groupVersionKind":{"kind":"Deployment"},"patches":[{"path":"/spec/template","type":"remove"}]}]}`,
		`{"sidecarInjector":{"templates":{"sidecar":"{{","customTemplates":[{"name":"sidecar"},{"name":"\u0001"}]}}}`,
		`{"proxyInit":{"cni":{"enabled":true,"resourceQuotas":{"enabled":true,"pods":"x"},"daemonset":{"resources":{"limits":{"cpu":"1"}}}}}}`,
	} {
		f.Add([]byte(spec), []byte(`{}`), false)
	}
	f.Fuzz(func(t *testing.T, spec, meshConfig []byte, shared bool) {
		renderOrRefuse(t, spec, meshConfig, shared)
	})
}

// renderOrRefuse renders a specification, which must end in objects or in an error.
func renderOrRefuse(t *testing.T, spec, meshConfig []byte, shared bool) {
	t.Helper()
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp", Namespace: "mesh"}}
	if json.Unmarshal(spec, &icp.Spec) != nil {
		return
	}
	mesh := &v1alpha1.IstioMesh{Spec: v1alpha1.IstioMeshSpec{Config: &apiextensionsv1.JSON{Raw: meshConfig}}}
	controlplane.Unsupported(&icp.Spec)
	rendered, err := controlplane.Render(icp, find(t, ""), controlplane.Facts{Mesh: mesh, Base: shared, CNI: shared, OpenShift: shared})
	if err != nil || icp.Spec.Mode == v1alpha1.ModePassive {
		return
	}
	if len(rendered.ControlPlane) == 0 {
		t.Errorf("neither objects nor an error: %s", spec)
	}
	for _, object := range rendered.All() {
		if object.GetKind() == "" || object.GetName() == "" {
			t.Errorf("an object without a kind or a name: %v from %s", object.Object, spec)
		}
		if _, err := object.MarshalJSON(); err != nil {
			t.Errorf("%v: %s", err, spec)
		}
		object.DeepCopy() // panics at what no decoded object holds
	}
}

// Mistakes of all kinds in otherwise sound specifications. Go's fuzzing finds few of them, because
// it measures the whole program after each.
func TestMutatedSpecifications(t *testing.T) {
	count := 1000
	if testing.Short() {
		count = 100
	}
	var seeds []any
	for _, path := range []string{"testdata/settings.yaml", "testdata/injection.yaml", documented + "/manifests/2.3.7-istiocontrolplane-1.yaml"} {
		encoded, err := json.Marshal(decode(t, path).Spec)
		if err != nil {
			t.Fatal(err)
		}
		var seed any
		if err := json.Unmarshal(encoded, &seed); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, seed)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range count {
		share := []float64{0.005, 0.02, 0.1}[random.IntN(3)]
		spec, err := json.Marshal(mutate(random, seeds[random.IntN(len(seeds))], share))
		if err != nil {
			t.Fatal(err)
		}
		renderOrRefuse(t, spec, []byte("{}"), random.IntN(2) == 0)
	}
}

// mutate returns the value with about the given share of its parts missing, doubled or replaced.
func mutate(random *rand.Rand, value any, share float64) any {
	odd := []any{
		nil, true, -1, 1e300, "", " ", "\"", "\\", "\n", "{{", "{{ .Values }}", "a: b", "---\nkind: X", "null", "~", "*a", "!!binary x",
		"%", "`", "\x00", "日本", "[", "#", "|", "?", "/", "-1", []any{}, map[string]any{}, []any{nil}, map[string]any{"": nil},
	}
	hit := func() bool { return random.Float64() < share }
	if hit() {
		return odd[random.IntN(len(odd))]
	}
	switch node := value.(type) {
	case map[string]any:
		mutated := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if !hit() {
				mutated[key] = mutate(random, node[key], share)
			}
		}
		return mutated
	case []any:
		mutated := []any{}
		for _, item := range node {
			mutated = append(mutated, mutate(random, item, share))
			if hit() {
				mutated = append(mutated, mutate(random, item, share))
			}
		}
		return mutated
	}
	return value
}
