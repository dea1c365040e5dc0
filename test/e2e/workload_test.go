package e2e

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/internal/allspark/serve"
)

// Ports of the demo application's program.
const (
	grpcPort    = 8082
	controlPort = 8081
)

// identity is the SPIFFE identity of a service account.
func identity(namespace, serviceAccount string) string {
	return "spiffe://" + trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount
}

// demoImage is the image that the demo application runs.
func demoImage(t *testing.T) string {
	t.Helper()
	containers := demoPod(t, "catalog", "v1").Spec.Containers
	return containers[slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == "catalog" })].Image
}

// demoPod returns the pod of one version of a demo service.
func demoPod(t *testing.T, app, version string) *corev1.Pod {
	t.Helper()
	pods := listPods(t, demoNamespace, "app="+app+",version="+version)
	for i := range pods {
		if isReady(&pods[i]) {
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

// caller makes calls from within a pod of the demo application's program.
type caller struct {
	t       *testing.T
	address string // of the control port, on this machine
}

func callerIn(t *testing.T, namespace, pod string) caller {
	t.Helper()
	return caller{t: t, address: forward(t, namespace, pod, controlPort)}
}

// plaintext makes a caller call past the mesh.
const plaintext = "plaintext=true"

// call makes n calls to the target, with options of the program's control port (name=value), and fails the test only
// if nothing can be said of them.
func (c caller) call(target string, n int, options ...string) serve.Report {
	c.t.Helper()
	report, err := c.try(target, n, options...)
	if err != nil {
		c.t.Fatal(err)
	}
	return report
}

func (c caller) try(target string, n int, options ...string) (serve.Report, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), commandTimeout)
	defer cancel()
	query := url.Values{"target": {target}, "n": {strconv.Itoa(n)}}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		query.Set(name, value)
	}
	body, err := get(ctx, c.address, "/call", query)
	var report serve.Report
	if err == nil {
		err = json.Unmarshal(body, &report)
	}
	return report, err
}
