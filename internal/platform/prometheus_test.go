package platform_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

// withPrometheus is a ControlPlane whose Prometheus has the settings, which are YAML.
func withPrometheus(t *testing.T, settings string) *smmv1alpha1.ControlPlane {
	t.Helper()
	cp := &smmv1alpha1.ControlPlane{}
	cp.Name = platform.ControlPlaneName
	text := "clusterName: c1\nsmm:\n  enabled: true\n  prometheus:\n    enabled: true\n"
	for _, line := range strings.Split(settings, "\n") {
		text += "    " + line + "\n"
	}
	if err := yaml.UnmarshalStrict([]byte(text), &cp.Spec); err != nil {
		t.Fatal(err)
	}
	return cp
}

// prometheusParts renders the objects of Prometheus by their kinds.
func prometheusParts(t *testing.T, cp *smmv1alpha1.ControlPlane) (map[string]*unstructured.Unstructured, error) {
	t.Helper()
	objects, err := platform.Components(cp, istio.Builtin())
	parts := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		if strings.Contains(object.GetName(), "smm-prometheus") {
			parts[object.GetKind()] = object
		}
	}
	return parts, err
}

func TestPrometheusTakesTheDocumentedSettings(t *testing.T) {
	parts, err := prometheusParts(t, withPrometheus(t, `
replicas: 2
retentionTime: 8h
scraping: {frequency: {interval: 15s, timeout: 10s}}
storage: {spec: {storageClassName: fast, resources: {requests: {storage: 50Gi}}}}
alertmanager: {static: [{host: alerts.example}, {host: 192.0.2.1, port: 9999}]}
static: [{host: unused}]
valuesOverride: {extraArgs: [--log.level=warn], extraScrapeConfigs: [{job_name: mine}]}`))
	if err != nil {
		t.Fatal(err)
	}
	set := parts["StatefulSet"]
	if replicas, _, _ := unstructured.NestedInt64(set.Object, "spec", "replicas"); replicas != 2 {
		t.Errorf("%d replicas", replicas)
	}
	claims, _, _ := unstructured.NestedSlice(set.Object, "spec", "volumeClaimTemplates")
	if len(claims) != 1 || claims[0].(map[string]any)["metadata"].(map[string]any)["name"] != "prometheus-smm-prometheus-db" {
		t.Errorf("claims %v", claims)
	}
	containers, _, _ := unstructured.NestedSlice(set.Object, "spec", "template", "spec", "containers")
	arguments, _, _ := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	for _, want := range []string{"--storage.tsdb.retention.time=8h", "--log.level=warn", "--web.route-prefix=/prometheus"} {
		if !strings.Contains(strings.Join(arguments, " "), want) {
			t.Errorf("no %s in %v", want, arguments)
		}
	}
	text, _, _ := unstructured.NestedString(parts["ConfigMap"].Object, "data", "prometheus.yml")
	var config struct {
		Global   map[string]any `json:"global"`
		Alerting struct {
			Alertmanagers []struct {
				StaticConfigs []struct{ Targets []string } `json:"static_configs"`
			}
		}
		ScrapeConfigs []struct {
			Name string `json:"job_name"`
		} `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s", "external_labels": map[string]any{"cluster": "c1"},
	}, config.Global); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"alerts.example:9093", "192.0.2.1:9999"}, config.Alerting.Alertmanagers[0].StaticConfigs[0].Targets); diff != "" {
		t.Error(diff)
	}
	if last := config.ScrapeConfigs[len(config.ScrapeConfigs)-1].Name; last != "mine" {
		t.Errorf("the last job is %s", last)
	}
}

func TestPrometheusRefusesSettingsThatCannotWork(t *testing.T) {
	for settings, want := range map[string]string{
		`scraping: {frequency: {interval: 0s}}`:                 "interval",
		`scraping: {frequency: {interval: 5s, timeout: 10s}}`:   "timeout",
		`valuesOverride: {enabled: false}`:                      "managed by the product",
		`valuesOverride: {nonsense: 1}`:                         "nonsense",
		`valuesOverride: {external: {url: "http://elsewhere"}}`: "managed by the product",
	} {
		if _, err := prometheusParts(t, withPrometheus(t, settings)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

func TestMetricsAreWhereTheControlPlaneSays(t *testing.T) {
	external := withPrometheus(t, `
external: {url: "https://metrics.example/prometheus", secretName: access}
scraping: {frequency: {interval: 30s}}`)
	parts, err := prometheusParts(t, external)
	if err != nil || len(parts) > 0 {
		t.Errorf("beside an external backend there are %d objects, error %v", len(parts), err)
	}
	for name, test := range map[string]struct {
		cp   *smmv1alpha1.ControlPlane
		want *platform.MetricsEndpoint
	}{
		"external": {external, &platform.MetricsEndpoint{URL: "https://metrics.example/prometheus", Secret: "access", Interval: 30 * time.Second}},
		"own": {withPrometheus(t, ""), &platform.MetricsEndpoint{
			Service: "smm-prometheus", Port: 59090, Path: "/prometheus", Interval: 5 * time.Second,
		}},
		"none": {&smmv1alpha1.ControlPlane{}, nil},
	} {
		got, err := platform.Metrics(&test.cp.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
