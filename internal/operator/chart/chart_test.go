package chart_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/operator/chart"
)

func render(t *testing.T, values string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := chart.Render(chart.Namespace, parse(t, values), "v1.36.3")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func parse(t *testing.T, values string) map[string]any {
	t.Helper()
	var parsed map[string]any
	if err := yaml.UnmarshalStrict([]byte(values), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

func names(objects []*unstructured.Unstructured) []string {
	var list []string
	for _, object := range objects {
		list = append(list, object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName())
	}
	return list
}

func find(t *testing.T, objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	t.Fatalf("no %s %s among %v", kind, name, names(objects))
	return nil
}

// The values that the documents name, and what each brings.
func TestWhatValuesRender(t *testing.T) {
	plain := []string{
		"Deployment smm-registry-access/smm-operator", "ClusterRole /smm-impersonator",
		"ServiceAccount smm-registry-access/smm-operator", "ClusterRole /smm-operator", "ClusterRoleBinding /smm-operator",
		"ClusterRole /cluster-registry-controller-aggregated", "ClusterRole /cluster-registry-reader-aggregated",
		"Role smm-registry-access/smm-operator", "RoleBinding smm-registry-access/smm-operator", "ClusterRole /smm-operator-metrics-reader",
		"Service smm-registry-access/smm-operator",
	}
	for name, test := range map[string]struct {
		values string
		want   []string
	}{
		"defaults": {"", plain},
		// As the documents' Argo CD application sets them.
		"documented parameters": {
			`{global: {ecr: {enabled: false}, basicAuth: {username: "u", password: "p"}}, apiServerEndpointAddress: ""}`,
			append([]string{plain[0], plain[1], "Secret smm-registry-access/smm-registry.eticloud.io-pull-secret"}, plain[2:]...),
		},
		"two instances":       {`{operator: {replicas: 2}}`, append([]string{plain[0], "PodDisruptionBudget smm-registry-access/smm-operator"}, plain[1:]...)},
		"no roles":            {`{rbac: {enabled: false}}`, []string{plain[0], plain[10]}},
		"metrics for all":     {`{prometheusMetrics: {enabled: true}}`, append(plain[:9:9], plain[10])},
		"metrics for nobody":  {`{prometheusMetrics: {authProxy: {enabled: false}}}`, plain[:9]},
		"documented defaults": {`{ecr: {enabled: true}, rbac: {psp: {enabled: false}}}`, plain},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(render(t, test.values))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedValues(t *testing.T) {
	for values, want := range map[string]string{
		`{rbac: {psp: {enabled: true}}}`:                           "rbac.psp.enabled",
		`{ecr: {accessKeyID: a, secretAccessKey: b}}`:              "does not log in to ECR",
		`{global: {basicAuth: {username: somebody}}}`:              "global.basicAuth",
		`{prometheusMetrics: {authProxy: {image: {tag: v0.5.0}}}}`: "prometheusMetrics.authProxy.image",
		`{operator: {logLevel: trace}}`:                            "operator.logLevel",
		`{operator: {image: {repository: ""}}}`:                    "operator.image.repository",
		`{operator: {replicas: 0}}`:                                "operator.replicas",
	} {
		if _, err := chart.Render(chart.Namespace, parse(t, values), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that names %s", values, err, want)
		}
	}
}

// The pull secret is for the registry of the image, and what pulls with it can read it.
func TestPullSecret(t *testing.T) {
	objects := render(t, `{global: {basicAuth: {username: "u", password: "p\"q"}}, operator: {image: {repository: registry.example.org/smm/smm}}}`)
	data, _, _ := unstructured.NestedString(find(t, objects, "Secret", "smm-registry.eticloud.io-pull-secret").Object, "data", ".dockerconfigjson")
	decoded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"auths": map[string]any{"registry.example.org": map[string]any{
		"username": "u", "password": `p"q`, "auth": base64.StdEncoding.EncodeToString([]byte(`u:p"q`)),
	}}}
	if diff := cmp.Diff(want, parse(t, string(decoded))); diff != "" {
		t.Error(diff)
	}
}

// The pod gets no right, file or time beyond what it needs.
func TestPodIsConfined(t *testing.T) {
	pod, _, _ := unstructured.NestedMap(find(t, render(t, ""), "Deployment", chart.Name).Object, "spec", "template", "spec")
	containers, _, _ := unstructured.NestedSlice(pod, "containers")
	container := containers[0].(map[string]any)
	if diff := cmp.Diff(map[string]any{
		"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
	}, container["securityContext"]); diff != "" {
		t.Error(diff)
	}
	if nonRoot, _, _ := unstructured.NestedBool(pod, "securityContext", "runAsNonRoot"); !nonRoot {
		t.Error("the pod may run as root")
	}
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		if container[probe] == nil {
			t.Errorf("no %s", probe)
		}
	}
	if grace, _, _ := unstructured.NestedInt64(pod, "terminationGracePeriodSeconds"); grace <= 30 {
		t.Errorf("%d s of grace are not more than a round may take", grace)
	}
}
