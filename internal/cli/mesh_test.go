package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// roomyCluster is a cluster of its own with two nodes in two zones, and nothing of the product.
func roomyCluster(t *testing.T) (*kubetest.Cluster, client.Client) {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.Another(1))
	c, err := newClient(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	for name, zone := range map[string]string{"node-a": "zone-1", "node-b": "zone-2"} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelTopologyZone: zone}}}
		if err := c.Create(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		node.Spec.Taints = nil // new nodes have one until the controllers, which do not run, take it away
		if err := c.Update(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		node.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("4Gi")}
		node.Status.Capacity = node.Status.Allocatable
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		if err := c.Status().Update(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Delete(t.Context(), node) })
	}
	return cluster, c
}

// What would be created is shown for people and as resources; what cannot be is refused before anything is written.
func TestMeshCreateDryRun(t *testing.T) {
	cluster, _ := roomyCluster(t)
	create := []string{"mesh", "create", "shop", "-c", cluster.Kubeconfig, "--dry-run"}
	for golden, args := range map[string][]string{
		"usual.txt":  {"--namespace", "default"},
		"usual.yaml": {"-o", "yaml"},
		"ha.txt":     {"--node", "node-a,node-b", "--high-availability", "--min-instances", "2", "--max-instances", "4", "--restart", "--namespace", "default"},
		"ha.json":    {"--node", "node-a,node-b", "--high-availability", "--min-instances", "2", "--mandatory-anti-affinity", "-o", "json"},
	} {
		t.Run(golden, func(t *testing.T) {
			code, out, failure := run(t, append(create, args...)...)
			if code != exitOK {
				t.Fatalf("exit code %d: %s", code, failure)
			}
			path := filepath.Join("testdata", "mesh", golden)
			if *update {
				if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a name that is too short": {[]string{"mesh", "create", "abc"}, exitUsage, "4 to 64 characters"},
		"no amount":                {append(create, "--cpu", "many"), exitUsage, "such as 500m or 1Gi"},
		"too large":                {append(create, "--max-instances", "9"), exitFailed, "takes up to 4500m CPU and 9Gi of memory"},
		"no such node":             {append(create, "--node", "node-x"), exitFailed, "no node node-x"},
		"no such version":          {append(create, "--istio-version", "1.2"), exitFailed, "1.31.1"},
		"without an operator":      {create[:len(create)-1], exitFailed, "smm operator install"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, failure := run(t, test.args...)
			if code != test.code || out != "" || !strings.Contains(failure, test.want) {
				t.Errorf("exit code %d, output %q, %q; want %d with %q", code, out, failure, test.code, test.want)
			}
		})
	}
	code, out, failure := run(t, "mesh", "list", "-c", cluster.Kubeconfig)
	if code != exitOK || strings.Count(out, "\n") != 1 {
		t.Errorf("exit code %d, after dry runs there is %q, %s", code, out, failure)
	}
}

// Meshes are listed with what uses them, and one that is in use is not deleted.
func TestMeshesAreShownAndKeptWhileInUse(t *testing.T) {
	cluster, c := meshCluster(t)
	name := cluster.Namespace(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Patch(t.Context(), namespace, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"istio.io/rev":"cp-v131x.default"}}}`))); err != nil {
		t.Fatal(err)
	}
	plane := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp-v131x", Namespace: "default"}}
	if err := c.Patch(t.Context(), plane, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"meshID":"shown"}}`))); err != nil {
		t.Fatal(err)
	}

	code, out, failure := run(t, "mesh", "list", "-c", cluster.Kubeconfig)
	if code != exitOK || !strings.HasPrefix(out, "NAME ") || !strings.Contains(strings.Join(strings.Fields(out), " "), "shown Installing - cp-v131x.default") {
		t.Errorf("exit code %d, %s\n%s", code, failure, out)
	}
	code, out, _ = run(t, "mesh", "get", "shown", "-o", "yaml", "-c", cluster.Kubeconfig)
	if code != exitOK || !strings.Contains(out, "controlPlanes:\n- cp-v131x.default") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	code, _, failure = run(t, "mesh", "get", "nothing", "-c", cluster.Kubeconfig)
	if code != exitFailed || !strings.Contains(failure, "smm mesh list") {
		t.Errorf("exit code %d, %s", code, failure)
	}
	code, out, failure = run(t, "mesh", "delete", "shown", "-c", cluster.Kubeconfig)
	if code != exitFailed || !strings.Contains(failure, "is in use by") || !strings.Contains(failure, name) {
		t.Errorf("delete: exit code %d, %q, %s", code, out, failure)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(plane), plane); err != nil || plane.DeletionTimestamp != nil {
		t.Errorf("the control plane that is in use goes: %v", err)
	}
}
