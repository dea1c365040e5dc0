package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

const (
	// olderPlane is the control plane of the older release line.
	olderPlane = "cp-v130x"

	// upgradeTimeout is how long one command of an upgrade may take on a loaded machine; usually it is seconds.
	upgradeTimeout = 5 * time.Minute

	// together is how many workloads are restarted at the same time, to keep the test short. The default is one.
	together = "--max-unavailable=4"
)

// The documented story of an upgrade: a mesh of the older Istio is upgraded namespace by namespace, one is taken back
// and moved again, and the old control plane goes, all without a single failed call. The sandbox begins with the newer
// Istio, so the test begins with the way there, which is a migration under load as well.
func TestUpgradeWithoutAFailedCall(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	awaitQuiet(t)
	small := newNamespace(t)
	labelNamespace(t, small, controlPlane)
	deploySoak(t, small)
	demo, soak := followLoad(t, demoNamespace, "bombardier"), followLoad(t, small, "soak")

	begun := time.Now()
	phase := func(name string) {
		t.Logf("%s after %.1f s", name, time.Since(begun).Seconds())
	}
	older := filepath.Join(t.TempDir(), "older.yaml")
	document := "apiVersion: servicemesh.cisco.com/v1alpha1\nkind: IstioControlPlane\nspec: {version: '1.30'}\n"
	if err := os.WriteFile(older, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	upgrade(t, "install", "-a", "--istio-cr-file", older)
	refuseRemoval(t, controlPlane, demoNamespace)
	upgrade(t, "istio", "migrate", demoNamespace, small, "--to", olderPlane, together)
	upgrade(t, "istio", "uninstall", controlPlane)
	wantRevisions(t, map[string]string{olderPlane: "yes"})
	phase("the mesh is on the older Istio")

	upgrade(t, "install", "-a")
	wantRevisions(t, map[string]string{olderPlane: "yes", controlPlane: "no"})
	upgrade(t, "istio", "migrate", small, "--to", controlPlane)
	wantInjected(t, small, controlPlane)
	wantInjected(t, demoNamespace, olderPlane)
	upgrade(t, "istio", "migrate", demoNamespace, "--to", controlPlane, together)
	wantInjected(t, demoNamespace, controlPlane)
	phase("both namespaces are on the newer Istio")

	for _, namespace := range []string{small, demoNamespace} {
		upgrade(t, "istio", "migrate", namespace, "--rollback")
		wantInjected(t, namespace, olderPlane)
		refuseRemoval(t, olderPlane, namespace)
		upgrade(t, "istio", "migrate", namespace, "--to", controlPlane)
	}
	phase("taken back and moved again")

	upgrade(t, "istio", "uninstall", olderPlane)
	wantRevisions(t, map[string]string{controlPlane: "yes"})
	if left := kubectl(t, "", "get", "deployments,configmaps,mutatingwebhookconfigurations,validatingwebhookconfigurations", "-A", "-o", "name"); strings.Contains(left, olderPlane) {
		t.Errorf("left of %s:\n%s", olderPlane, left)
	}
	phase("the old control plane is gone")
	soak.awaitMore(300) // a minute, in which what the old control plane gave out would show to be missing
	demo.wantNoFailure()
	soak.wantNoFailure()
}

// upgrade runs a command of the upgrade.
func upgrade(t *testing.T, args ...string) {
	t.Helper()
	if _, err := tryUpgrade(t, args...); err != nil {
		t.Fatal(err)
	}
}

func tryUpgrade(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upgradeTimeout)
	defer cancel()
	return box.SMM(ctx, args...)
}

// refuseRemoval checks that a control plane which the namespace uses cannot be removed.
func refuseRemoval(t *testing.T, plane, namespace string) {
	t.Helper()
	if _, err := tryUpgrade(t, "istio", "uninstall", plane); err == nil || !strings.Contains(err.Error(), namespace) {
		t.Errorf("removal of %s: %v; want it to be refused because of %s", plane, err, namespace)
	}
}

// wantRevisions checks which control planes there are, and whether each is in use.
func wantRevisions(t *testing.T, want map[string]string) {
	t.Helper()
	output := smm(t, "istio", "revisions")
	rows := sandboxtest.Table(output)
	for _, row := range rows {
		name, _, _ := strings.Cut(row["CONTROL PLANE"], ".")
		if row["IN USE"] != want[name] || row["STATUS"] != "Available" {
			t.Errorf("control plane %s: want it available, in use: %s", name, want[name])
		}
	}
	if len(rows) != len(want) {
		t.Errorf("want control planes %v", want)
	}
	if t.Failed() {
		t.Fatal("smm istio revisions:\n" + output)
	}
}

// wantInjected checks that the pods of a namespace that are to stay were injected by the control plane.
func wantInjected(t *testing.T, namespace, plane string) {
	t.Helper()
	for _, pod := range box.Pods(t, namespace, "") {
		if pod.DeletionTimestamp == nil && !strings.Contains(pod.Annotations["sidecar.istio.io/status"], `"revision":"`+plane+`"`) {
			t.Errorf("pod %s/%s is not injected by %s: %s", namespace, pod.Name, plane, pod.Annotations["sidecar.istio.io/status"])
		}
	}
}

func labelNamespace(t *testing.T, namespace, plane string) {
	t.Helper()
	kubectl(t, "", "label", "namespace", namespace, "istio.io/rev="+plane+"."+controlPlaneNamespace)
}

// deploySoak runs a load generator that calls the demo application from another namespace.
func deploySoak(t *testing.T, namespace string) {
	t.Helper()
	env := []corev1.EnvVar{
		{Name: "LOAD_TARGET", Value: "grpc://frontpage." + demoNamespace + ".svc:8082/#1"}, {Name: "LOAD_MIN_RPS", Value: "5"}, {Name: "LOAD_MAX_RPS", Value: "5"},
		{Name: "HTTPSERVER_LISTENADDRESS", Value: "off"}, {Name: "GRPCSERVER_LISTENADDRESS", Value: "off"}, {Name: "TCPSERVER_LISTENADDRESS", Value: "off"},
	}
	pod := proxyless(program(t, namespace, "soak", env...))
	pod.Labels["app"] = "soak"
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "soak"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: pod.Labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels, Annotations: pod.Annotations}, Spec: pod.Spec},
	}}
	if _, err := kubernetesClient(t).AppsV1().Deployments(namespace).Create(t.Context(), deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "", "rollout", "status", "-n", namespace, "deployment/soak")
}
