package controlplane_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
)

// render renders a specification, and returns the objects by kind and name.
func render(t *testing.T, spec string, facts controlplane.Facts) (map[string]*unstructured.Unstructured, error) {
	t.Helper()
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp", Namespace: "mesh"}}
	decodeYAML(t, spec, &icp.Spec)
	rendered, err := controlplane.Render(icp, find(t, ""), facts)
	objects := map[string]*unstructured.Unstructured{}
	for _, object := range rendered.All() {
		objects[object.GetKind()+" "+object.GetName()] = object
	}
	return objects, err
}

func mustRender(t *testing.T, spec string, facts controlplane.Facts) map[string]*unstructured.Unstructured {
	t.Helper()
	objects, err := render(t, spec, facts)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Closer settings win: the mesh's config is overridden by what the control plane's fields say, and
// that by its own config.
func TestMeshConfigIsLayered(t *testing.T) {
	mesh := &v1alpha1.IstioMesh{ObjectMeta: metav1.ObjectMeta{Name: "mesh1", Namespace: "mesh"}}
	mesh.Spec.Config = &apiextensionsv1.JSON{Raw: []byte(`{
		"accessLogFile": "/dev/stderr",
		"trustDomain": "mesh.example.org",
		"defaultConfig": {"concurrency": 1, "holdApplicationUntilProxyStarts": false, "proxyMetadata": {"FROM": "mesh", "MESH": "yes"}}
	}`)}
	objects := mustRender(t, `
caProvider: GoogleCA
proxy: {holdApplicationUntilProxyStarts: true}
tracer: {zipkin: {address: "zipkin:9411"}, sampling: 10}
meshConfig:
  accessLogFile: /dev/stdout
  defaultConfig: {proxyMetadata: {FROM: control plane}, tracing: {sampling: 20}}
`, controlplane.Facts{Mesh: mesh})
	text, _, _ := unstructured.NestedString(objects["ConfigMap istio-cp"].Object, "data", "mesh")
	var got map[string]any
	decodeYAML(t, text, &got)
	want := map[string]any{}
	decodeYAML(t, `
accessLogFile: /dev/stdout
enablePrometheusMerge: true
rootNamespace: mesh
trustDomain: mesh.example.org
defaultProviders: {metrics: [prometheus]}
defaultConfig:
  concurrency: 1
  discoveryAddress: istiod-cp.mesh.svc:15012
  holdApplicationUntilProxyStarts: true
  proxyMetadata: {CA_PROVIDER: GoogleCA, FROM: control plane, MESH: "yes"}
  tracing: {zipkin: {address: "zipkin:9411"}, sampling: 20}
`, &want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What cannot work is refused, with one line that names it.
func TestRefusedSpecifications(t *testing.T) {
	broken := &v1alpha1.IstioMesh{ObjectMeta: metav1.ObjectMeta{Name: "mesh1", Namespace: "mesh"}}
	broken.Spec.Config = &apiextensionsv1.JSON{Raw: []byte(`{"trustDomian": "a"}`)}
	for want, test := range map[string]struct {
		spec  string
		facts controlplane.Facts
	}{
		`spec.meshConfig.accesLogFile: Istio's MeshConfig has no such field`:                                               {spec: "{meshConfig: {accesLogFile: /dev/stdout}}"},
		`spec.tracer.zipkn: Istio's Tracing has no such field`:                                                             {spec: "{tracer: {zipkn: {}}}"},
		`IstioMesh mesh/mesh1: spec.config.trustDomian: Istio's MeshConfig has no such field`:                              {facts: controlplane.Facts{Mesh: broken}},
		`the mesh config in effect is invalid: invalid proxy listen port: port number 70000 must be in the range 1..65535`: {spec: "{meshConfig: {proxyListenPort: 70000}}"},
		`spec.proxy.tracer: "jaeger" is none of zipkin, lightstep, datadog, stackdriver, none`:                             {spec: "{proxy: {tracer: jaeger}}"},
		`spec.proxy.tracer: lightstep needs spec.tracer.lightstep.address`:                                                 {spec: "{proxy: {tracer: lightstep}}"},
		`the chart's value global.multiCluster.clusterName: "a\"b" holds a quote, a backslash or a control character`:      {spec: `{clusterID: 'a"b'}`},
		`spec.sidecarInjector.templates.sidecar is no template: template: spec.sidecarInjector.templates.sidecar:1: unclosed action`: {
			spec: "{sidecarInjector: {templates: {sidecar: '{{ if'}}}",
		},
		`spec.k8sResourceOverlays[0]: no rendered object is Deployment istiod`: {
			spec: "{k8sResourceOverlays: [{groupVersionKind: {kind: Deployment}, objectKey: {name: istiod}, patches: [{path: /spec/replicas, value: '2'}]}]}",
		},
	} {
		_, err := render(t, test.spec, test.facts)
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// How many istiods run, and who decides it.
func TestReplicas(t *testing.T) {
	for spec, want := range map[string]string{
		"{}":                                   "between 1 and 5 at 80%",
		"{targetCPUUtilizationPercentage: 50}": "between 1 and 5 at 50%",
		"{min: 2}":                             "between 2 and 5 at 80%",
		"{min: 7}":                             "7",
		"{max: 3}":                             "between 1 and 3 at 80%",
		"{max: 1}":                             "1",
		"{min: 0, max: 2}":                     "between 1 and 2 at 80%",
		"{min: 2, max: 2}":                     "2",
		"{count: 3}":                           "3",
		"{count: 0}":                           "0",
		"{count: 3, min: 2, max: 4}":           "between 2 and 4 at 80%",
	} {
		objects := mustRender(t, "{istiod: {deployment: {replicas: "+spec+"}}}", controlplane.Facts{})
		if got := replicasOf(objects); got != want {
			t.Errorf("%s: %s replicas; want %s", spec, got, want)
		}
	}
}

func replicasOf(objects map[string]*unstructured.Unstructured) string {
	count, fixed, _ := unstructured.NestedInt64(objects["Deployment istiod-cp"].Object, "spec", "replicas")
	scaler := objects["HorizontalPodAutoscaler istiod-cp"]
	switch {
	case scaler != nil && fixed:
		return "an autoscaler and a fixed number of"
	case scaler == nil:
		return fmt.Sprint(count)
	}
	spec := scaler.Object["spec"].(map[string]any)
	metric := spec["metrics"].([]any)[0].(map[string]any)
	target, _, _ := unstructured.NestedFieldNoCopy(metric, "resource", "target", "averageUtilization")
	return fmt.Sprintf("between %v and %v at %v%%", spec["minReplicas"], spec["maxReplicas"], target)
}

// The chart decides by some of istiod's variables what else it renders.
func TestEnvironmentReachesTheChart(t *testing.T) {
	objects := mustRender(t, `{istiod: {deployment: {env: [
		{name: PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER, value: "false"},
		{name: ENABLE_CLUSTER_TRUST_BUNDLE_API, value: "true"},
		{name: CA_TRUSTED_NODE_ACCOUNTS, value: other/ztunnel},
		{name: TWICE, value: first}, {name: TWICE, value: last}]}}}`, controlplane.Facts{})
	if objects["ClusterRole istiod-gateway-controller-cp-mesh"] != nil {
		t.Error("the gateway controller has its rights although it is switched off")
	}
	text, err := objects["Deployment istiod-cp"].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{
		`"clusterTrustBundle"`: 1,
		`{"name":"CA_TRUSTED_NODE_ACCOUNTS","value":"other/ztunnel"}`: 1, `"CA_TRUSTED_NODE_ACCOUNTS"`: 1,
		`{"name":"TWICE","value":"last"}`: 1, `"TWICE"`: 1,
	} {
		if got := strings.Count(string(text), want); got != times {
			t.Errorf("the Deployment has %s %d times; want %d", want, got, times)
		}
	}
}
