package cli

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/revision"
)

// Who uses a control plane is shown, and keeps it from being uninstalled.
func TestRevisionsInUse(t *testing.T) {
	cluster, c := meshCluster(t)
	name := cluster.Namespace(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"istio.io/rev":"cp-v131x.default"}}}`))
	if err := c.Patch(t.Context(), namespace, patch); err != nil {
		t.Fatal(err)
	}
	code, out, failure := run(t, "istio", "revisions", "-c", cluster.Kubeconfig, "-o", "json")
	var summaries []revision.Summary
	if err := json.Unmarshal([]byte(out), &summaries); err != nil || code != exitOK {
		t.Fatalf("exit code %d, %v, output %q, %s", code, err, out, failure)
	}
	found := false
	for _, summary := range summaries {
		if summary.ControlPlane == "cp-v131x.default" {
			found = summary.InUse && strings.Contains(strings.Join(summary.Namespaces, " "), name) && summary.Version == "1.31.1"
		}
	}
	if !found {
		t.Errorf("the control plane is not shown as in use by %s: %s", name, out)
	}
	code, out, failure = run(t, "istio", "revisions", "-c", cluster.Kubeconfig)
	if code != exitOK || !strings.HasPrefix(out, "CONTROL PLANE      VERSION   STATUS") {
		t.Errorf("exit code %d, %s\n%s", code, failure, out)
	}

	code, out, failure = run(t, "istio", "uninstall", "cp-v131x", "-c", cluster.Kubeconfig)
	if code != exitFailed || !strings.Contains(failure, "is in use by") || !strings.Contains(failure, "--force") {
		t.Errorf("uninstall: exit code %d, output %q, %s", code, out, failure)
	}
}
