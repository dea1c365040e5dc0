package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// Each component of the ControlPlane comes when it is switched on and goes, with all its objects, when it is switched off.
// What the product does not have, or the sandbox cannot run, is said to be unmanaged, and why.
func TestComponentsComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes on a small machine")
	}
	awaitQuiet(t)
	keepControlPlane(t)
	pullSecret(t)
	for _, test := range []struct {
		section   string            // of the specification, with ? for whether it is on
		available []string          // components
		unmanaged map[string]string // components, and a part of the reason
		kept      string            // a pattern of the names of what is documented to stay, "" for nothing
	}{
		{section: `{"registryAccess":{"enabled":?,"pullSecrets":[{"name":"e2e-pull","namespace":"smm-registry-access"}]}}`, available: []string{"registryAccess"}},
		{section: `{"clusterRegistry":{"enabled":?}}`, available: []string{"clusterRegistry"}, kept: "cluster-registry|^Cluster c1$"},
		{section: `{"smm":{"application":{"enabled":?},"auth":{"enabled":?,"mode":"anonymous"},"web":{"enabled":?},"health":{"enabled":?},` +
			`"federationGateway":{"enabled":?},"federationGatewayOperator":{"enabled":?},"exposeDashboard":{"meshGateway":{"enabled":?}}}}`,
			available: []string{"application", "auth", "web", "health", "federationGateway", "federationGatewayOperator", "exposeDashboard"}},
		{section: `{"certManager":{"enabled":?},"oneEye":{"enabled":?},"smm":{"als":{"enabled":?},"grafana":{"enabled":?},` +
			`"kubestatemetrics":{"enabled":?},"leo":{"enabled":?},"prometheusOperator":{"enabled":?},"sdm":{"enabled":?},` +
			`"sre":{"enabled":?},"tracing":{"enabled":?},"vmIntegration":{"enabled":?}}}`,
			unmanaged: map[string]string{
				"certManager": "cert-manager is not on the cluster", "oneEye": "ship logs", "als": "access logs", "grafana": "dashboards of metrics",
				"kubestatemetrics": "state of Kubernetes objects", "leo": "ACME challenges", "prometheusOperator": "operator for Prometheus",
				"sdm": "Streaming Data Manager", "sre": "service level objectives", "tracing": "store traces", "vmIntegration": "virtual machines",
			}},
		{section: `{"smm":{"prometheus":{"enabled":?}}}`, available: []string{"prometheus"}},
	} {
		begun := time.Now()
		switchComponents(t, test.section, false) // so that none of them is there, whatever the demo has
		before := box.Objects(t)
		switchComponents(t, test.section, true)
		states := componentStates(t)
		for _, name := range test.available {
			if state := states[name]; state.Status != smmv1alpha1.ComponentAvailable {
				t.Errorf("switched on, %s is %s: %s", name, state.Status, state.Message)
			}
		}
		for name, reason := range test.unmanaged {
			if state := states[name]; state.Status != smmv1alpha1.ComponentUnmanaged || !strings.Contains(state.Message, reason) {
				t.Errorf("switched on, %s is %s: %s; want it unmanaged because of %q", name, state.Status, state.Message, reason)
			}
		}
		during := box.Objects(t)
		switchComponents(t, test.section, false)
		states = componentStates(t)
		for _, name := range test.available {
			if state := states[name]; state.Status != smmv1alpha1.ComponentRemoved || len(state.Inventory) > 0 {
				t.Errorf("switched off, %s is %s with the inventory %v", name, state.Status, state.Inventory)
			}
		}
		wantGone(t, before, test.kept)
		t.Logf("%v: %d objects came and went in %.1f s", test.available, len(during)-len(before), time.Since(begun).Seconds())
	}
}

// keepControlPlane puts the ControlPlane back as it is when the test has ended, and takes away what components leave.
func keepControlPlane(t *testing.T) {
	t.Helper()
	spec := kubectl(t, "", "get", "controlplane", "smm", "-o", "jsonpath={.spec}")
	t.Cleanup(func() {
		patch := `[{"op":"replace","path":"/spec","value":` + spec + `}]`
		err := errors.Join(
			kubectlAfterwards("patch", "controlplane", "smm", "--type=json", "-p", patch), afterwards("reconcile"),
			kubectlAfterwards("delete", "clusters,clusterfeatures,resourcesyncrules", "--all"),
			kubectlAfterwards("delete", "namespace", "cluster-registry", "--ignore-not-found"),
		)
		if err != nil {
			t.Error(err)
		}
	})
}

// pullSecret makes a registry's credentials for the length of the test.
func pullSecret(t *testing.T) {
	t.Helper()
	const namespace = "smm-registry-access"
	client := kubernetesClient(t).CoreV1()
	if _, err := client.Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kubectlAfterwards("delete", "namespace", namespace); err != nil {
			t.Error(err)
		}
	})
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-pull"},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths":{}}`},
	}
	if _, err := client.Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// switchComponents changes the ControlPlane and reconciles until it is as it says.
func switchComponents(t *testing.T, section string, on bool) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":%s}`, strings.ReplaceAll(section, "?", fmt.Sprint(on)))
	kubectl(t, "", "patch", "controlplane", "smm", "--type=merge", "-p", patch)
	upgrade(t, "reconcile")
}

func componentStates(t *testing.T) map[string]smmv1alpha1.ComponentStatus {
	t.Helper()
	var states map[string]smmv1alpha1.ComponentStatus
	if err := json.Unmarshal([]byte(kubectl(t, "", "get", "controlplane", "smm", "-o", "jsonpath={.status.components}")), &states); err != nil {
		t.Fatal(err)
	}
	return states
}

// wantGone waits until there is nothing but what was before. What Kubernetes makes of an object, such as its history, goes
// with it.
func wantGone(t *testing.T, before map[string]metav1.PartialObjectMetadata, kept string) {
	t.Helper()
	stays := regexp.MustCompile(cmp.Or(kept, "^$"))
	sandboxtest.Eventually(t, 2*time.Minute, "everything of the components is gone", func() error {
		var left []string
		for name, object := range box.Objects(t) {
			if _, was := before[name]; !was && metav1.GetControllerOf(&object) == nil && !stays.MatchString(name) {
				left = append(left, name)
			}
		}
		if len(left) > 0 {
			slices.Sort(left)
			return fmt.Errorf("left are %s", strings.Join(left, ", "))
		}
		return nil
	})
}
