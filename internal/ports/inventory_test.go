package ports_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/ports"
	"github.com/meshmanager/smm/internal/rendered"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	parsed := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &parsed.Object); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// Services count with their ports, and workloads with those that they open on nodes.
func TestWhatHasPorts(t *testing.T) {
	got, err := ports.Of([]*unstructured.Unstructured{
		object(t, `{kind: Service, metadata: {namespace: b, name: dns}, spec: {ports: [{name: dns, port: 53, protocol: UDP}, {name: web, port: 80}]}}`),
		object(t, `{kind: Service, metadata: {namespace: b, name: nothing}}`),
		object(t, `{kind: ConfigMap, metadata: {namespace: b, name: config}}`),
		object(t, `{kind: Deployment, metadata: {namespace: b, name: inside}, spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: 1}]}]}}}}`),
		object(t, `{kind: DaemonSet, metadata: {namespace: a, name: agent}, spec: {template: {spec: {hostNetwork: true, containers: [{name: a, ports: [{name: m, containerPort: 9100}]}]}}}}`),
		object(t, `{kind: DaemonSet, metadata: {namespace: a, name: proxy}, spec: {template: {spec: {containers: [{name: a, ports: [{name: m, containerPort: 1, hostPort: 2}]}]}}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []ports.Listener{
		{Namespace: "a", Name: "agent", OnNodes: true, Ports: []ports.Port{{Name: "m", Number: 9100, Protocol: corev1.ProtocolTCP}}},
		{Namespace: "a", Name: "proxy", OnNodes: true, Ports: []ports.Port{{Name: "m", Number: 2, Protocol: corev1.ProtocolTCP}}},
		{Namespace: "b", Name: "dns", Ports: []ports.Port{
			{Name: "dns", Number: 53, Protocol: corev1.ProtocolUDP}, {Name: "web", Number: 80, Protocol: corev1.ProtocolTCP},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Everything that an installation opens is described, and a port that nobody has described is an error.
func TestEveryPortIsDescribed(t *testing.T) {
	listeners, err := ports.OfInstallation()
	if err != nil {
		t.Fatal(err)
	}
	var written int
	for i, block := range strings.Split(ports.Markdown(listeners), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if object(t, block).Object["name"] != nil && len(object(t, block).Object["ports"].([]any)) > 0 {
			written++
		} else {
			t.Errorf("block %d of the page lacks name or ports:\n%s", i, block)
		}
	}
	if written != len(listeners) {
		t.Errorf("the page shows %d of %d", written, len(listeners))
	}
	listeners[0].Ports = append(listeners[0].Ports, ports.Port{Name: "new", Number: 1})
	if err := ports.Describe(listeners, rendered.ControlPlane()); err == nil || !strings.Contains(err.Error(), "does not describe port new") {
		t.Errorf("error %v; want it to name the port that is not described", err)
	}
}
