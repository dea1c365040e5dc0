package platform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

// metricsObjects are the objects of Prometheus and Thanos, by "kind name".
func metricsObjects(t *testing.T, cp *smmv1alpha1.ControlPlane) map[string]*unstructured.Unstructured {
	t.Helper()
	objects, err := platform.Components(cp, istio.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		if strings.Contains(object.GetName(), "smm-prometheus") || strings.Contains(object.GetName(), "thanos") {
			parts[object.GetKind()+" "+object.GetName()] = object
		}
	}
	return parts
}

func read[T any](t *testing.T, object *unstructured.Unstructured) T {
	t.Helper()
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &typed); err != nil {
		t.Fatal(err)
	}
	return typed
}

func highly(cp *smmv1alpha1.ControlPlane) *smmv1alpha1.ControlPlane {
	on := true
	cp.Spec.SMM.HighAvailability = &smmv1alpha1.Toggle{Enabled: &on}
	return cp
}

// Thanos is there where several Prometheus pods have to be joined, and then the server asks it.
func TestThanosJoinsThePodsOfPrometheus(t *testing.T) {
	const query = "Deployment smm-thanos-query"
	for name, test := range map[string]struct {
		cp             *smmv1alpha1.ControlPlane
		sidecar, query bool
		service        string
	}{
		"neither":                {withPrometheus(t, ""), false, false, "smm-prometheus"},
		"high availability":      {highly(withPrometheus(t, "")), true, true, "smm-thanos-query"},
		"but not Thanos":         {highly(withPrometheus(t, "thanos: {enabled: false}")), false, false, "smm-prometheus"},
		"only Thanos":            {withPrometheus(t, "thanos: {enabled: true}"), true, true, "smm-thanos-query"},
		"only sidecars":          {withPrometheus(t, "thanos: {enabled: true, query: {enabled: false}}"), true, false, "smm-prometheus"},
		"settings do not switch": {withPrometheus(t, "thanos: {query: {image: {tag: v1}}}"), false, false, "smm-prometheus"},
	} {
		parts := metricsObjects(t, test.cp)
		set := read[appsv1.StatefulSet](t, parts["StatefulSet prometheus-smm-prometheus"])
		names := []string{}
		for _, container := range set.Spec.Template.Spec.Containers {
			names = append(names, container.Name)
		}
		if got := slices.Contains(names, "thanos-sidecar"); got != test.sidecar {
			t.Errorf("%s: containers %v", name, names)
		}
		for _, part := range []string{query, "Service smm-thanos-query", "HorizontalPodAutoscaler smm-thanos-query"} {
			if got := parts[part] != nil; got != test.query {
				t.Errorf("%s: %s is there: %t", name, part, got)
			}
		}
		text, _, _ := unstructured.NestedString(parts["ConfigMap smm-prometheus"].Object, "data", "prometheus.yml")
		if got := strings.Contains(text, "prometheus_replica: ${POD_NAME}"); got != test.sidecar {
			t.Errorf("%s: configuration\n%s", name, text)
		}
		endpoint, err := platform.Metrics(&test.cp.Spec)
		if err != nil || endpoint.Service != test.service {
			t.Errorf("%s: the server asks %+v, error %v", name, endpoint, err)
		}
	}
}

func TestThanosTakesTheDocumentedSettings(t *testing.T) {
	parts := metricsObjects(t, highly(withPrometheus(t, `
thanos:
  image: {repository: registry.example/thanos, tag: v1}
  resources: {requests: {cpu: 20m}}
  query: {resources: {requests: {cpu: 700m}, limits: {cpu: "2"}}}`)))
	query := read[appsv1.Deployment](t, parts["Deployment smm-thanos-query"])
	container := query.Spec.Template.Spec.Containers[0]
	if container.Image != "registry.example/thanos:v1" || container.Resources.Requests.Cpu().String() != "700m" || container.Resources.Limits.Cpu().String() != "2" {
		t.Errorf("the query is %+v", container)
	}
	if query.Spec.Replicas != nil {
		t.Error("the Deployment and the autoscaler both set the number of pods")
	}
	for _, want := range []string{"--query.replica-label=prometheus_replica", "--endpoint=dnssrv+_grpc._tcp.smm-prometheus-thanos.smm-system.svc"} {
		if !slices.Contains(container.Args, want) {
			t.Errorf("no %s in %v", want, container.Args)
		}
	}
	set := read[appsv1.StatefulSet](t, parts["StatefulSet prometheus-smm-prometheus"])
	sidecar := set.Spec.Template.Spec.Containers[1]
	if sidecar.Image != "registry.example/thanos:v1" || sidecar.Resources.Requests.Cpu().String() != "20m" {
		t.Errorf("the sidecar is %+v", sidecar)
	}
	found := read[corev1.Service](t, parts["Service smm-prometheus-thanos"])
	if diff := cmp.Diff(corev1.ClusterIPNone, found.Spec.ClusterIP); diff != "" {
		t.Error(diff)
	}
}
