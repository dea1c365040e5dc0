package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// Ports of the demo application's program.
const (
	grpcPort    = 8082
	controlPort = sandboxtest.ControlPort
)

// demoImage is the image that the demo application runs.
func demoImage(t *testing.T) string {
	t.Helper()
	containers := demoPod(t, "catalog", "v1").Spec.Containers
	return containers[slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == "catalog" })].Image
}

// demoPod returns the pod of one version of a demo service.
func demoPod(t *testing.T, app, version string) *corev1.Pod {
	t.Helper()
	pods := box.Pods(t, demoNamespace, "app="+app+",version="+version)
	for i := range pods {
		if sandboxtest.IsReady(&pods[i]) {
			return &pods[i]
		}
	}
	t.Fatalf("no pod of %s %s is ready, of %d", app, version, len(pods))
	return nil
}

// program is a pod that runs the demo application's program as the service "server".
func program(t *testing.T, namespace, name string, env ...corev1.EnvVar) *corev1.Pod {
	t.Helper()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": "server"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name:  "server",
			Image: demoImage(t),
			Env:   append([]corev1.EnvVar{{Name: "SERVICE_NAME", Value: "server"}}, env...),
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromInt32(controlPort)}},
				PeriodSeconds: 1,
			},
		}}},
	}
}

// createService makes the Service of the pods of program. A proxyless gRPC server serves only as part of a Service.
func createService(t *testing.T, namespace string) {
	t.Helper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "server"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "server"}, Ports: []corev1.ServicePort{{Name: "grpc", Port: grpcPort}},
	}}
	if _, err := kubernetesClient(t).CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// proxyless makes the injector give the pod Istio's agent for gRPC.
func proxyless(pod *corev1.Pod) *corev1.Pod {
	pod.Annotations = map[string]string{
		"inject.istio.io/templates": "grpc-agent",
		"proxy.istio.io/config":     `{"holdApplicationUntilProxyStarts": true}`,
	}
	return pod
}

// plaintext makes a caller call past the mesh.
const plaintext = "plaintext=true"
