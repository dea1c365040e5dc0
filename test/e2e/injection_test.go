package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

func TestAutoInjectSwitchesInjectionOfNewPods(t *testing.T) {
	namespace := newNamespace(t)
	createService(t, namespace)
	revision := controlPlane + "." + controlPlaneNamespace
	check := func(inject, plane, label string) {
		t.Helper()
		output := smm(t, "sidecar-proxy", "auto-inject", "get", namespace)
		rows := sandboxtest.Table(output)
		if len(rows) != 1 || rows[0]["AUTO-INJECT"] != inject || rows[0]["CONTROL PLANE"] != plane {
			t.Errorf("auto-inject get: want %s from %q:\n%s", inject, plane, output)
		}
		got, err := kubernetesClient(t).CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Labels["istio.io/rev"] != label {
			t.Errorf("label istio.io/rev is %q, want %q", got.Labels["istio.io/rev"], label)
		}
	}
	check("off", "-", "")
	plain := createPod(t, program(t, namespace, "before"), "is ready", sandboxtest.IsReady)
	if hasAgent(plain) {
		t.Error("a pod is injected though injection was never switched on")
	}

	smm(t, "sidecar-proxy", "auto-inject", "on", namespace)
	check("on", revision, revision)
	injected := createPod(t, proxyless(program(t, namespace, "on")), "is ready", sandboxtest.IsReady)
	if !hasAgent(injected) {
		t.Error("a pod is not injected though injection is on")
	}

	smm(t, "sidecar-proxy", "auto-inject", "off", namespace)
	check("off", "-", "")
	plain = createPod(t, program(t, namespace, "off"), "is ready", sandboxtest.IsReady)
	if hasAgent(plain) {
		t.Error("a pod is injected though injection is off")
	}
}

func hasAgent(pod *corev1.Pod) bool {
	isAgent := func(c corev1.Container) bool { return c.Name == "istio-proxy" }
	return slices.ContainsFunc(pod.Spec.Containers, isAgent) || slices.ContainsFunc(pod.Spec.InitContainers, isAgent)
}
