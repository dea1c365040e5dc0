package overlay_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/overlay"
)

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istiod
  namespace: mesh
  annotations:
    example.org/a: "1"
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: discovery
        args: [discovery, --domain, cluster.local]
      - name: other
`

const service = `
apiVersion: v1
kind: Service
metadata:
  name: istiod
  namespace: mesh
spec:
  ports:
  - name: https
    port: 443
`

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	decoded := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &decoded.Object); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func patchOf(kind, path, value string) v1alpha1.K8sResourceOverlay {
	return v1alpha1.K8sResourceOverlay{
		GroupVersionKind: &v1alpha1.GroupVersionKind{Kind: kind},
		Patches:          []v1alpha1.OverlayPatch{{Type: v1alpha1.OverlayPatchReplace, Path: path, Value: value, ParseValue: true}},
	}
}

func removalOf(kind, path string) v1alpha1.K8sResourceOverlay {
	return v1alpha1.K8sResourceOverlay{
		GroupVersionKind: &v1alpha1.GroupVersionKind{Kind: kind},
		Patches:          []v1alpha1.OverlayPatch{{Type: v1alpha1.OverlayPatchRemove, Path: path}},
	}
}

// Every form of path changes the place that it names, and nothing else.
func TestPatchesChangeThePlaceTheyName(t *testing.T) {
	for name, test := range map[string]struct {
		overlay v1alpha1.K8sResourceOverlay
		at      []string // where to look, "" for the first item of a list
		want    any
	}{
		"a field":                        {patchOf("Deployment", "/spec/replicas", "3"), []string{"spec", "replicas"}, int64(3)},
		"a map":                          {patchOf("Deployment", "/spec/template", "{spec: {}}"), []string{"spec", "template"}, map[string]any{"spec": map[string]any{}}},
		"an index":                       {patchOf("Service", "/spec/ports/0/port", "8443"), []string{"spec", "ports", "", "port"}, int64(8443)},
		"an index from the end":          {patchOf("Service", "/spec/ports/-1/port", "8443"), []string{"spec", "ports", "", "port"}, int64(8443)},
		"an item by a field":             {patchOf("Service", "/spec/ports/name=https/port", "8443"), []string{"spec", "ports", "", "port"}, int64(8443)},
		"after the last item":            {patchOf("Service", "/spec/ports/0/names?/-", "more"), []string{"spec", "ports", "", "names"}, []any{"more"}},
		"an escaped key":                 {patchOf("Deployment", "/metadata/annotations/example.org~1a", `"2"`), []string{"metadata", "annotations", "example.org/a"}, "2"},
		"a new field that may be":        {patchOf("Deployment", "/spec/paused?", "true"), []string{"spec", "paused"}, true},
		"a new field under new fields":   {patchOf("Deployment", "/spec/strategy?/type", "Recreate"), []string{"spec", "strategy", "type"}, "Recreate"},
		"a removed field":                {removalOf("Deployment", "/spec/replicas"), []string{"spec", "replicas"}, nil},
		"a removed item":                 {removalOf("Service", "/spec/ports/0"), []string{"spec", "ports"}, []any{}},
		"what need not be removed":       {removalOf("Deployment", "/spec/strategy/type?"), []string{"spec", "replicas"}, int64(1)},
		"what need not be removed above": {removalOf("Deployment", "/spec/strategy?/type"), []string{"spec", "replicas"}, int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []*unstructured.Unstructured{object(t, deployment), object(t, service)}
			untouched := []*unstructured.Unstructured{object(t, deployment), object(t, service)}
			if err := overlay.Apply(objects, []v1alpha1.K8sResourceOverlay{test.overlay}); err != nil {
				t.Fatal(err)
			}
			changed, other := 0, 1
			if test.overlay.GroupVersionKind.Kind == "Service" {
				changed, other = 1, 0
			}
			if diff := cmp.Diff(test.want, valueAt(objects[changed].Object, test.at)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(untouched[other], objects[other]); diff != "" {
				t.Errorf("another object changed:\n%s", diff)
			}
		})
	}
}

func valueAt(node any, path []string) any {
	for _, key := range path {
		switch parent := node.(type) {
		case map[string]any:
			node = parent[key]
		case []any:
			node = parent[0]
		}
	}
	if number, ok := node.(float64); ok {
		return int64(number)
	}
	return node
}

// The documented example: an argument is appended, and it is a string although it looks otherwise.
func TestDocumentedPatch(t *testing.T) {
	objects := []*unstructured.Unstructured{object(t, deployment)}
	err := overlay.Apply(objects, []v1alpha1.K8sResourceOverlay{{
		GroupVersionKind: &v1alpha1.GroupVersionKind{Group: "apps", Kind: "Deployment", Version: "v1"},
		ObjectKey:        &metav1alpha1.NamespacedName{Name: "istiod", Namespace: "mesh"},
		Patches: []v1alpha1.OverlayPatch{
			{Type: v1alpha1.OverlayPatchReplace, Path: "/spec/template/spec/containers/0/args/-", Value: "--tls-cipher-suites=A,B"},
			{Path: "/spec/template/spec/containers/0/args/-", Value: "1"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"discovery", "--domain", "cluster.local", "--tls-cipher-suites=A,B", "1"}
	if diff := cmp.Diff(want, valueAt(objects[0].Object, []string{"spec", "template", "spec", "containers", "", "args"})); diff != "" {
		t.Error(diff)
	}
}

// Two objects that one patch is for must not share its value.
func TestPatchedObjectsAreApart(t *testing.T) {
	objects := []*unstructured.Unstructured{object(t, service), object(t, service)}
	overlays := []v1alpha1.K8sResourceOverlay{patchOf("Service", "/spec/selector?", "{app: istiod}")}
	if err := overlay.Apply(objects, overlays); err != nil {
		t.Fatal(err)
	}
	valueAt(objects[0].Object, []string{"spec", "selector"}).(map[string]any)["app"] = "other"
	if got := valueAt(objects[1].Object, []string{"spec", "selector", "app"}); got != "istiod" {
		t.Errorf("the other object has the selector app=%v", got)
	}
}

// What a patch is for and is not there is named, so that nobody believes it took effect.
func TestErrorsNameWhatIsMissing(t *testing.T) {
	elsewhere := patchOf("Deployment", "/spec/replicas", "2")
	elsewhere.ObjectKey = &metav1alpha1.NamespacedName{Name: "istiod", Namespace: "other"}
	for want, o := range map[string]v1alpha1.K8sResourceOverlay{
		`k8sResourceOverlays[0]: Deployment mesh/istiod: path "/spec/replica": "replica" does not exist`:                        patchOf("Deployment", "/spec/replica", "2"),
		`k8sResourceOverlays[0]: Deployment mesh/istiod: path "/spec/strategy/type": "strategy" does not exist`:                 removalOf("Deployment", "/spec/strategy/type"),
		`k8sResourceOverlays[0]: Service mesh/istiod: path "/spec/ports/1/port": "1" does not exist`:                            patchOf("Service", "/spec/ports/1/port", "2"),
		`k8sResourceOverlays[0]: Service mesh/istiod: path "/spec/ports/port=80/port?": "port=80" does not exist`:               patchOf("Service", "/spec/ports/port=80/port?", "2"),
		`k8sResourceOverlays[0]: Service mesh/istiod: path "/spec/ports/first": "first" does not exist`:                         removalOf("Service", "/spec/ports/first"),
		`k8sResourceOverlays[0]: no rendered object is Deployment other/istiod`:                                                 elsewhere,
		`k8sResourceOverlays[0]: no rendered object is ConfigMap`:                                                               patchOf("ConfigMap", "/data", "{}"),
		`k8sResourceOverlays[0]: path "spec/replicas" does not begin with / and name a field`:                                   patchOf("Deployment", "spec/replicas", "2"),
		`k8sResourceOverlays[0]: path "/spec//replicas" has an empty part`:                                                      patchOf("Deployment", "/spec//replicas", "2"),
		`k8sResourceOverlays[0]: Deployment mesh/istiod: path "/metadata/name": the kind, name and namespace cannot be changed`: patchOf("Deployment", "/metadata/name", "other"),
	} {
		objects := []*unstructured.Unstructured{object(t, deployment), object(t, service)}
		err := overlay.Apply(objects, []v1alpha1.K8sResourceOverlay{o})
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	broken := overlay.Apply(nil, []v1alpha1.K8sResourceOverlay{patchOf("Deployment", "/spec", "{")})
	if broken == nil || !strings.Contains(broken.Error(), "is no YAML") {
		t.Errorf("a value that is no YAML: %v", broken)
	}
	if err := overlay.Apply(nil, []v1alpha1.K8sResourceOverlay{removalOf("Deployment", "/spec/replicas?")}); err != nil {
		t.Errorf("an optional patch without an object: %v", err)
	}
}

// Whatever users write, a patch is applied or refused.
func FuzzPatch(f *testing.F) {
	f.Add("/spec/template/spec/containers/0/args/-", "x", false, false)
	f.Add("/spec/ports/name=https?/port", "{a: [1, 2.5]}", true, false)
	f.Add("/metadata", "", true, true)
	f.Add("/-1/~1~0?/-", "null", true, false)
	f.Fuzz(func(t *testing.T, path, value string, parse, remove bool) {
		patch := v1alpha1.OverlayPatch{Type: v1alpha1.OverlayPatchReplace, Path: path, Value: value, ParseValue: parse}
		if remove {
			patch.Type = v1alpha1.OverlayPatchRemove
		}
		objects := []*unstructured.Unstructured{object(t, deployment), object(t, service)}
		if err := overlay.Apply(objects, []v1alpha1.K8sResourceOverlay{{Patches: []v1alpha1.OverlayPatch{patch, patch}}}); err != nil {
			return
		}
		for _, o := range objects {
			if o.GetName() != "istiod" {
				t.Errorf("path %q changed the name to %q", path, o.GetName())
			}
			if _, err := o.MarshalJSON(); err != nil {
				t.Error(err)
			}
		}
	})
}
