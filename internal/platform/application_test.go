package platform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/platform"
)

// applicationParts renders the objects of the server, by "kind namespace/name", of a ControlPlane whose smm has the settings.
func applicationParts(t *testing.T, settings string) map[string]*unstructured.Unstructured {
	t.Helper()
	cp := &smmv1alpha1.ControlPlane{}
	cp.Name = platform.ControlPlaneName
	text := "clusterName: c1\nsmm:\n  enabled: true\n  application: {enabled: true}\n" + settings
	if err := yaml.UnmarshalStrict([]byte(text), &cp.Spec); err != nil {
		t.Fatal(err)
	}
	objects, err := platform.Components(cp, istio.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		if strings.HasPrefix(object.GetName(), platform.ApplicationName) {
			parts[strings.TrimSpace(object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName())] = object
		}
	}
	return parts
}

func TestTheServerMayReadOnlyTheSecretsThatItNeeds(t *testing.T) {
	sign := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"smm-authentication"}, Verbs: []string{"get", "list", "watch"}}
	create := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}}
	access := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"access"}, Verbs: []string{"get"}}
	for name, test := range map[string]struct {
		settings string
		want     []rbacv1.PolicyRule
	}{
		"no external backend":                     {"  prometheus: {enabled: true}\n", []rbacv1.PolicyRule{create, sign}},
		"an external backend without credentials": {"  prometheus: {enabled: true, external: {url: http://metrics.example}}\n", []rbacv1.PolicyRule{create, sign}},
		"an external backend": {
			"  prometheus: {enabled: true, external: {url: http://metrics.example, secretName: access}}\n", []rbacv1.PolicyRule{create, sign, access},
		},
		"one that is switched off": {
			"  prometheus: {enabled: false, external: {url: http://metrics.example, secretName: access}}\n", []rbacv1.PolicyRule{create, sign},
		},
	} {
		parts := applicationParts(t, test.settings)
		var role rbacv1.Role
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(parts["Role smm-system/smm-application"].Object, &role); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, role.Rules); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var everywhere rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(parts["ClusterRole /smm-application"].Object, &everywhere); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(everywhere.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "secrets") }) {
			t.Errorf("%s: the server may read Secrets of all namespaces", name)
		}
	}
}

func TestHealthIsSwitchedOffInTheServer(t *testing.T) {
	for settings, want := range map[string]bool{"": false, "  health: {enabled: true}\n": false, "  health: {enabled: false}\n": true} {
		deployment := applicationParts(t, settings)["Deployment smm-system/smm-application"]
		containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
		args, _, _ := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
		if got := slices.Contains(args, "--no-health"); got != want {
			t.Errorf("%q: arguments %v", settings, args)
		}
	}
}

// Where the cluster registry is on, the server reads who the peers are, and theirs may see what this one does and change nothing.
func TestServersOfPeersSeeWhatTheRegistryLetsThem(t *testing.T) {
	if parts := applicationParts(t, ""); parts["ClusterRole /smm-application-peers"] != nil {
		t.Error("without a registry, peers have rights")
	}
	parts := applicationParts(t, "clusterRegistry: {enabled: true}\n")
	deployment := parts["Deployment smm-system/smm-application"]
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	args, _, _ := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if !slices.Contains(args, "--cluster-registry=cluster-registry") {
		t.Errorf("arguments %v", args)
	}
	secrets := read[rbacv1.Role](t, parts["Role cluster-registry/smm-application-peers"])
	want := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list", "watch"}}}
	if diff := cmp.Diff(want, secrets.Rules); diff != "" {
		t.Error(diff)
	}
	peers := read[rbacv1.ClusterRole](t, parts["ClusterRole /smm-application-peers"])
	if peers.Labels["cluster-registry.k8s.cisco.com/reader-aggregated"] != "true" {
		t.Errorf("labels %v", peers.Labels)
	}
	for _, rule := range peers.Rules {
		for _, verb := range rule.Verbs {
			created := slices.Contains(rule.Resources, "subjectaccessreviews") || slices.Contains(rule.Resources, "services/proxy")
			if !slices.Contains([]string{"get", "list", "watch"}, verb) && !created {
				t.Errorf("peers may %s %v", verb, rule.Resources)
			}
		}
		if slices.Contains(rule.Resources, "services/proxy") && len(rule.ResourceNames) == 0 {
			t.Error("peers may reach every service")
		}
	}
}
