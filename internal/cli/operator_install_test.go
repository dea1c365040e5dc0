package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/operator/chart"
)

// A mesh goes from a command to the operator and back without an object of it being written, and the commands that an
// operator would be at odds with are refused in between.
func TestAMeshGoesOverToTheOperatorAndBack(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	cluster.RunNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := newTestClient(t, cluster.Config)
	go publishRootCertificate(ctx, c)
	smm(t, cluster.Kubeconfig, "install", "-a", "--cluster-name", "c1")
	before := meshObjects(ctx, t, c)

	smm(t, cluster.Kubeconfig, "operator", "install")
	stop := operate(t, cluster.Kubeconfig)
	// A new generation that asks for nothing new: when it is observed, the operator has been at work.
	touch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"log":{}}}`))
	if err := c.Patch(ctx, &smmv1alpha1.ControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "smm"}}, touch); err != nil {
		t.Fatal(err)
	}
	smm(t, cluster.Kubeconfig, "operator", "install") // again, and it waits for the operator
	if diff := cmp.Diff(before, meshObjects(ctx, t, c)); diff != "" {
		t.Errorf("the operator changed the mesh that it took over (-before +after):\n%s", diff)
	}

	counting := &recorder{}
	through := counting.kubeconfigThrough(t, cluster)
	for _, command := range []string{"install -a", "uninstall -a", "uninstall -a --force", "reconcile", "operator reconcile", "operator uninstall --namespace elsewhere"} {
		code, out, errOut := runProgram(t, append(strings.Fields(command), "-c", through)...)
		_, last, _ := strings.Cut(errOut, "Error: ")
		if code != exitFailed || out != "" || !strings.Contains(last, "smm-registry-access/smm-operator") || strings.Count(last, "\n") != 1 {
			t.Errorf("smm %s: exit code %d, output %q, error output %q; want one line that names the operator", command, code, out, errOut)
		}
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("the refused commands wrote %d times", writes)
	}

	stop()
	smm(t, cluster.Kubeconfig, "operator", "uninstall")
	smm(t, cluster.Kubeconfig, "reconcile")
	if diff := cmp.Diff(before, meshObjects(ctx, t, c)); diff != "" {
		t.Errorf("the mesh is not what it was (-before +after):\n%s", diff)
	}
	smm(t, cluster.Kubeconfig, "uninstall", "-a")
}

// In operator mode the command writes the operator and the ControlPlane and nothing else; the operator does the rest with
// the rights that it was given, and leaves what is documented.
func TestOperatorInstallsAndRemovesTheMesh(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	cluster.RunNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := newTestClient(t, cluster.Config)
	go publishRootCertificate(ctx, c)
	smm(t, cluster.Kubeconfig, "operator", "install", "--operator-only", "--values", writeFile(t, "operator: {replicas: 2}"))
	smm(t, cluster.Kubeconfig, "operator", "install", "--operator-only")
	budget := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}}
	if err := c.Get(ctx, client.ObjectKey{Namespace: chart.Namespace, Name: chart.Name}, budget); !apierrors.IsNotFound(err) {
		t.Errorf("the budget of two instances is still there: %v", err)
	}
	stop := operate(t, cluster.Kubeconfig)
	defer stop()
	file := writeFile(t, "apiVersion: smm.cisco.com/v1alpha1\nkind: ControlPlane\nmetadata: {name: smm}\nspec: {clusterName: c1}\n")
	out := smm(t, cluster.Kubeconfig, "operator", "install", "--from-file", file, "-o", "json")
	var done operatorInstallation
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		t.Fatal(err)
	}
	if want := (operatorInstallation{Namespace: chart.Namespace, ControlPlane: "smm", Status: "Succeeded"}); done != want {
		t.Errorf("printed %+v, want %+v", done, want)
	}
	if len(meshObjects(ctx, t, c)) < 20 {
		t.Errorf("the mesh is not there: %v", meshObjects(ctx, t, c))
	}

	out = smm(t, cluster.Kubeconfig, "operator", "uninstall", "-a", "-o", "json")
	var kept operatorRemoval
	if err := json.Unmarshal([]byte(out), &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept.CRDs) == 0 || len(kept.Namespaces)+len(kept.IstioControlPlanes) > 0 || kept.ControlPlane != "" || kept.OperatorNamespace != chart.Namespace {
		t.Errorf("kept %+v; want the CRDs and the operator's namespace", kept)
	}
	if left := meshObjects(ctx, t, c); len(left) > 0 {
		t.Errorf("left on the cluster: %v", left)
	}
	var leases metav1.PartialObjectMetadataList
	leases.APIVersion, leases.Kind = "coordination.k8s.io/v1", "LeaseList"
	if err := c.List(ctx, &leases, client.InNamespace(chart.Namespace)); err != nil || len(leases.Items) > 0 {
		t.Errorf("left in the operator's namespace: %v, %v", leases.Items, err)
	}
}

// What brought an operator changes and removes it.
func TestAnOperatorOfHelmIsLeftToHelm(t *testing.T) {
	cluster := kubetest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := newTestClient(t, cluster.Config)
	namespace := cluster.Namespace(t)
	objects, err := chart.Render(namespace, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			if err := c.Create(ctx, object); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Delete(context.Background(), object) })
		}
	}
	counting := &recorder{}
	through := counting.kubeconfigThrough(t, cluster)
	for command, want := range map[string]string{
		"operator install --operator-only":                          "the operator is already in namespace " + namespace,
		"operator uninstall":                                        "give --namespace " + namespace,
		"operator install --operator-only --namespace " + namespace: "was made by Helm",
		"operator uninstall --namespace " + namespace:               "helm uninstall",
		"reconcile": "an operator manages this cluster (Deployment " + namespace + "/smm-operator)",
	} {
		if code, _, errOut := run(t, append(strings.Fields(command), "-c", through)...); code != exitFailed || !strings.Contains(errOut, want) {
			t.Errorf("smm %s: exit code %d, error output %q, want %q", command, code, errOut, want)
		}
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("the refused commands wrote %d times", writes)
	}
}

// What is printed can be applied: the kinds come before their resources.
func TestOperatorInstallDumpsResources(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.Another(1)) // others leave a mesh
	counting := &recorder{}
	code, out, errOut := run(t, "operator", "install", "--dump-resources", "--cluster-name", "c1", "-o", "json", "-c", counting.kubeconfigThrough(t, cluster))
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	var list struct {
		Items []metav1.PartialObjectMetadata
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	position := map[string]int{}
	for i, item := range list.Items {
		position[item.Kind+" "+item.Name] = i
	}
	for _, pair := range [][2]string{
		{"CustomResourceDefinition controlplanes.smm.cisco.com", "ControlPlane smm"}, {"Namespace smm-registry-access", "ServiceAccount smm-operator"},
		{"ServiceAccount smm-operator", "Deployment smm-operator"}, {"ClusterRole smm-operator", "ClusterRoleBinding smm-operator"},
	} {
		first, found := position[pair[0]]
		second, foundToo := position[pair[1]]
		if !found || !foundToo || first > second {
			t.Errorf("%s is at %d, %s at %d", pair[0], first, pair[1], second)
		}
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("%d requests changed the cluster; want none", writes)
	}
}

// smm runs a command that must succeed.
func smm(t *testing.T, kubeconfig string, args ...string) string {
	t.Helper()
	started := time.Now()
	code, out, errOut := runProgram(t, append(args, "-c", kubeconfig)...)
	if code != exitOK {
		t.Fatalf("smm %s: exit code %d: %s", strings.Join(args, " "), code, errOut)
	}
	t.Logf("smm %s: %s", strings.Join(args, " "), time.Since(started).Round(time.Millisecond))
	return out
}

// runProgram runs a command as a process of its own: an operator runs in the test's, and a command sets up logs for all of a process.
func runProgram(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr strings.Builder
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), runAsSMM+"=1")
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func newTestClient(t *testing.T, config *rest.Config) client.WithWatch {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// operate does what the operator's pod would, which runs nothing here, with the rights of its service account.
func operate(t *testing.T, kubeconfig string) (stop func()) {
	t.Helper()
	var output strings.Builder
	command := exec.CommandContext(context.Background(), os.Args[0], "operator", "run", "-c", asOperator(t, kubeconfig),
		"--namespace", chart.Namespace, "--leader-elect=false", "--health-address", "", "--metrics-address", "")
	command.Env = append(os.Environ(), runAsSMM+"=1")
	command.Stderr = &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("stop the operator: %v", err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("the operator ended: %v\n%s", err, output.String())
		}
	})
}

// asOperator writes a kubeconfig that acts as the operator's service account.
func asOperator(t *testing.T, kubeconfig string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.Impersonate = "system:serviceaccount:" + chart.Namespace + ":" + chart.Name
		user.ImpersonateGroups = []string{"system:serviceaccounts", "system:serviceaccounts:" + chart.Namespace, "system:authenticated"}
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// publishRootCertificate does what istiod would, which runs nothing here.
func publishRootCertificate(ctx context.Context, c client.WithWatch) {
	changes := kube.Changes(ctx, c, []client.ObjectList{&corev1.NamespaceList{}})
	for {
		_ = c.Create(ctx, &corev1.ConfigMap{ // it may be there already, or its namespace not yet
			ObjectMeta: metav1.ObjectMeta{Namespace: istio.DefaultNamespace, Name: istio.RootCertConfigMap, Labels: map[string]string{"istio.io/config": "true"}},
			Data:       map[string]string{"root-cert.pem": "certificate"},
		})
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
	}
}

// meshObjects are the objects that the product made on the cluster for the mesh: who they are and which generation of
// their specification.
func meshObjects(ctx context.Context, t *testing.T, c client.Client) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, kind := range operator.Watched() {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := c.List(ctx, &list, client.MatchingLabels{kube.ManagedByLabel: kube.ManagedByValue}); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			// What Kubernetes makes of an object has its labels, and no owner of ours.
			if owner := item.Annotations[kube.OwnerAnnotation]; owner != "" && !strings.HasPrefix(owner, "ServiceMeshManager/") {
				found[kind.Kind+" "+item.Namespace+"/"+item.Name] = string(item.UID) + " " + strings.Repeat("I", int(item.Generation))
			}
		}
	}
	return found
}
