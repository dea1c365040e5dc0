package meshgateway_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
)

var update = flag.Bool("update", false, "write the rendered objects as the expected ones")

func builtin(t testing.TB) istio.Release {
	t.Helper()
	release, err := istio.Builtin().Find("")
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// read reads the IstioMeshGateway of a file. Fields that do not exist are an error.
func read(t testing.TB, path string) *v1alpha1.IstioMeshGateway {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gateway := &v1alpha1.IstioMeshGateway{}
	if err := yaml.UnmarshalStrict(text, gateway); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return gateway
}

// render renders the gateway as the control plane that it refers to injects it.
func render(t testing.TB, gateway *v1alpha1.IstioMeshGateway) []*unstructured.Unstructured {
	t.Helper()
	release := builtin(t)
	injection := meshgateway.Injection{
		Revision: istio.Revision(gateway.Spec.IstioControlPlane), Version: release.Version, Checksum: "0123abcd",
	}
	objects, err := meshgateway.Objects(gateway, injection, release, meshgateway.Cluster{KubernetesVersion: "v1.36.3"})
	if err != nil {
		t.Fatal(err)
	}
	kube.SortForApply(objects)
	return objects
}

// documented is where the documents' own examples are.
const documented = "../../api/testdata/manifests/"

// gateways are those that tests are about, by name: the documents' examples, the defaults of either
// type, and one that sets every field.
func gateways() map[string]string {
	return map[string]string{
		"documented-dex-ingress":   documented + "2.5.10.2.1-istiomeshgateway-1.yaml",
		"documented-demo-gw":       documented + "2.7.3-istiomeshgateway-1.yaml",
		"documented-flagger":       documented + "2.8.2-istiomeshgateway-1.yaml",
		"documented-http-ingress":  documented + "2.8.5-istiomeshgateway-1.yaml",
		"documented-https-ingress": documented + "2.8.5-istiomeshgateway-2.yaml",
		"default-ingress":          "testdata/default-ingress.gateway.yaml",
		"default-egress":           "testdata/default-egress.gateway.yaml",
		"every-field":              "testdata/every-field.gateway.yaml",
	}
}

// What gateways render to. Run with -update after a change that is meant, and review the difference.
func TestObjects(t *testing.T) {
	for name, input := range gateways() {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			for _, object := range render(t, read(t, input)) {
				text, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString("---\n")
				got.Write(text)
			}
			golden := filepath.Join("testdata", name+".objects.yaml")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("rendered objects (-want +got):\n%s", diff)
			}
		})
	}
}

// The selectors of the documents' Gateway resources find the pods of the documents' gateways.
func TestDocumentedSelectorsFindThePods(t *testing.T) {
	for name, selector := range map[string]map[string]string{
		"dex-ingress":   {"app.kubernetes.io/instance": "dex", "app.kubernetes.io/name": "dex-ingress"},
		"demo-gw":       {"app": "demo-gw", "gateway-name": "demo-gw", "gateway-type": "ingress"},
		"flagger":       {"app": "test-imgw-app", "gateway-name": "test-imgw", "gateway-type": "ingress", "istio.io/rev": "cp-v115x.istio-system"},
		"http-ingress":  {"app.kubernetes.io/instance": "app", "app.kubernetes.io/name": "app-ingress"},
		"https-ingress": {"app.kubernetes.io/instance": "app", "app.kubernetes.io/name": "app-ingress"},
	} {
		labels := podLabels(t, render(t, read(t, gateways()["documented-"+name])))
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s: pods have %s=%q; the Gateway selects %q", name, key, labels[key], value)
			}
		}
	}
}

// A Deployment's selector can never change, so nothing that users may change is in it.
func TestSelectorStaysWhateverChanges(t *testing.T) {
	gateway := read(t, "testdata/default-ingress.gateway.yaml")
	before := selectorOf(t, render(t, gateway))
	gateway.Spec.Type = v1alpha1.GatewayTypeEgress
	gateway.Spec.IstioControlPlane.Name = "cp-v132x"
	gateway.Spec.Deployment = &v1alpha1.WorkloadConfig{
		Metadata:    &v1alpha1.ObjectMetadata{Labels: map[string]string{"app": "other", "istio": "other"}},
		PodMetadata: &v1alpha1.ObjectMetadata{Labels: map[string]string{"app": "another"}},
	}
	if diff := cmp.Diff(before, selectorOf(t, render(t, gateway))); diff != "" {
		t.Error(diff)
	}
}

func object(t *testing.T, objects []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind {
			return object
		}
	}
	t.Fatalf("no %s was rendered", kind)
	return nil
}

func podLabels(t *testing.T, objects []*unstructured.Unstructured) map[string]string {
	t.Helper()
	labels, _, err := unstructured.NestedStringMap(object(t, objects, "Deployment").Object, "spec", "template", "metadata", "labels")
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

func selectorOf(t *testing.T, objects []*unstructured.Unstructured) map[string]string {
	t.Helper()
	selector, _, err := unstructured.NestedStringMap(object(t, objects, "Deployment").Object, "spec", "selector", "matchLabels")
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

// An overlay that finds nothing to change is an error that names it.
func TestOverlayWithoutObjectIsAnError(t *testing.T) {
	gateway := read(t, "testdata/default-ingress.gateway.yaml")
	gateway.Spec.K8sResourceOverlays = []v1alpha1.K8sResourceOverlay{{
		GroupVersionKind: &v1alpha1.GroupVersionKind{Kind: "DaemonSet"},
		Patches:          []v1alpha1.OverlayPatch{{Path: "/spec/minReadySeconds?", Type: v1alpha1.OverlayPatchRemove}, {Path: "/spec/paused", Value: "true"}},
	}}
	_, err := meshgateway.Objects(gateway, meshgateway.Injection{Revision: istio.Revision(gateway.Spec.IstioControlPlane)}, builtin(t), meshgateway.Cluster{})
	if err == nil || !strings.Contains(err.Error(), "spec.k8sResourceOverlays[0]") {
		t.Errorf("error %v; want one that names the overlay", err)
	}
}

// On OpenShift the pods' account may use the constraint that their user needs.
func TestConstraintOfOpenShift(t *testing.T) {
	gateway, release := read(t, "testdata/default-ingress.gateway.yaml"), builtin(t)
	injection := meshgateway.Injection{Revision: istio.Revision(gateway.Spec.IstioControlPlane), Version: release.Version}
	for root, constraint := range map[bool]string{false: "nonroot-v2", true: "anyuid"} {
		gateway.Spec.RunAsRoot = &root
		objects, err := meshgateway.Objects(gateway, injection, release, meshgateway.Cluster{OpenShift: true})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(objects, func(object *unstructured.Unstructured) bool {
			role, _, _ := unstructured.NestedString(object.Object, "roleRef", "name")
			return object.GetName() == "ingress-scc-"+constraint && role == "system:openshift:scc:"+constraint
		})
		if !found {
			t.Errorf("runAsRoot %v: no binding to the constraint %s", root, constraint)
		}
	}
}
