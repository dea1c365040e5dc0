package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// recorder stands between smm and a real API server. It counts the requests that change the
// cluster and can answer for the server.
type recorder struct {
	writes atomic.Int64
	answer func(w http.ResponseWriter, r *http.Request) (done bool)
}

// kubeconfigThrough writes a kubeconfig whose requests go through the recorder to the cluster.
func (r *recorder) kubeconfigThrough(t *testing.T, cluster *kubetest.Cluster) string {
	t.Helper()
	target, err := url.Parse(cluster.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = transport
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r.answer != nil && r.answer(w, request) {
			return
		}
		if request.Method != http.MethodGet && request.URL.Query().Get("dryRun") == "" {
			r.writes.Add(1)
		}
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	return writeKubeconfig(t, server.URL, &clientcmdapi.AuthInfo{})
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever is wrong with what the user gave: one line that says what, exit code 1, nothing written.
func TestInstallRefusesBadInputAndWritesNothing(t *testing.T) {
	cluster := kubetest.Start(t)
	counting := &recorder{}
	good := counting.kubeconfigThrough(t, cluster)
	old := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/version" {
			return false
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"major": "1", "minor": "27+", "gitVersion": "v1.27.4-eks"})
		return true
	}}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a kubeconfig that does not exist": {[]string{"-c", "/nowhere/kubeconfig"}, "kubeconfig /nowhere/kubeconfig does not exist"},
		"a kubeconfig that is no YAML":     {[]string{"-c", writeFile(t, "{nonsense")}, "cannot be read"},
		"an unreachable server":            {[]string{"-c", writeKubeconfig(t, closedPort(t), &clientcmdapi.AuthInfo{})}, "connection refused"},
		"an unsupported Kubernetes version": {[]string{"-c", old.kubeconfigThrough(t, cluster)},
			"the cluster runs Kubernetes v1.27.4-eks, and Istio 1.31.1 supports Kubernetes 1.32 to 1.36"},
		"a cluster name that cannot be converted": {[]string{"-c", good, "--cluster-name", "Größe"}, `cluster name "Größe" cannot be converted`},
		"an unknown Istio version": {[]string{"-c", good, "--istio-cr-file", writeFile(t, "spec:\n  version: 1.15.3\n")},
			`Istio version "1.15.3" is not in the catalogue; available: 1.31.1`},
		"an unknown field": {[]string{"-c", good, "--istio-cr-file", writeFile(t, "spec:\n  colour: red\n")}, `unknown field "spec.colour"`},
		"an unknown field of the mesh config": {
			[]string{"-c", good, "--istio-cr-file", writeFile(t, "spec:\n  meshConfig:\n    colour: red\n")}, "spec.meshConfig.colour: Istio's MeshConfig has no such field"},
		"a file that is not there": {[]string{"-c", good, "--istio-cr-file", "/nowhere.yaml"}, "no such file"},
		"another kind":             {[]string{"-c", good, "--istio-cr-file", writeFile(t, "kind: Gateway\n")}, "it is a Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, append([]string{"install", "-a"}, test.args...)...)
			if code != exitFailed || out != "" {
				t.Errorf("exit code %d, output %q; want %d and nothing", code, out, exitFailed)
			}
			_, last, found := strings.Cut(errOut, "Error: ")
			if !found || !strings.Contains(last, test.want) || strings.Count(last, "\n") != 1 {
				t.Errorf("error output %q; want one line with %q", errOut, test.want)
			}
		})
	}
	if writes := counting.writes.Load() + old.writes.Load(); writes != 0 {
		t.Errorf("%d requests changed the cluster; want none", writes)
	}
}

func TestInstallRefusesADualStackCluster(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithDualStack())
	counting := &recorder{}
	code, _, errOut := run(t, "install", "-a", "-c", counting.kubeconfigThrough(t, cluster))
	if code != exitFailed || !strings.Contains(errOut, "Error: the cluster is dual-stack") {
		t.Errorf("exit code %d, error output %q", code, errOut)
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("%d requests changed the cluster; want none", writes)
	}
}

// A mesh that somebody else installed is neither changed nor doubled.
func TestInstallRefusesASecondMesh(t *testing.T) {
	cluster := kubetest.Start(t)
	client, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	namespace := cluster.Namespace(t)
	labels := map[string]string{"app": "istiod"}
	foreign := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "istiod", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "discovery", Image: "pilot"}}},
			},
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := client.AppsV1().Deployments(namespace).Create(ctx, foreign, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.AppsV1().Deployments(namespace).Delete(context.Background(), "istiod", metav1.DeleteOptions{})
	})
	counting := &recorder{}
	code, _, errOut := run(t, "install", "-a", "-c", counting.kubeconfigThrough(t, cluster))
	if code != exitFailed || !strings.Contains(errOut, "Error: the cluster already has a mesh: an Istio that something else installed (Deployment "+namespace+"/istiod)") {
		t.Errorf("exit code %d, error output %q", code, errOut)
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("%d requests changed the cluster; want none", writes)
	}
}

// What --dump-resources prints is everything that would be applied, and nothing is.
func TestInstallDumpsResourcesInsteadOfApplying(t *testing.T) {
	cluster := kubetest.Start(t)
	counting := &recorder{}
	code, out, errOut := run(t, "install", "-a", "--dump-resources", "--anonymous-auth", "--istio-namespace", "mesh", "-o", "json",
		"-c", counting.kubeconfigThrough(t, cluster))
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	var list struct {
		Items []metav1.PartialObjectMetadata
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, item := range list.Items {
		found[item.Kind+" "+item.Namespace+"/"+item.Name] = true
	}
	for _, want := range []string{
		"Namespace /mesh", "Namespace /smm-system", "ControlPlane /smm", "IstioControlPlane mesh/cp-v131x",
		"CustomResourceDefinition /virtualservices.networking.istio.io", "CustomResourceDefinition /controlplanes.smm.cisco.com",
		"Deployment mesh/istiod-cp-v131x", "MutatingWebhookConfiguration /istio-revision-tag-cp-v131x.mesh-mesh",
	} {
		if !found[want] {
			t.Errorf("%s is not among the resources", want)
		}
	}
	if writes := counting.writes.Load(); writes != 0 {
		t.Errorf("%d requests changed the cluster; want none", writes)
	}
}
