package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// meshCluster is a control plane with the product's resource definitions and one IstioControlPlane.
func meshCluster(t *testing.T) (*kubetest.Cluster, client.Client) {
	t.Helper()
	cluster := kubetest.Start(t)
	c, err := newClient(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := c.Create(t.Context(), definition); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	plane := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp-v131x", Namespace: "default"}}
	create := func(ctx context.Context) (bool, error) {
		err := c.Create(ctx, plane)
		return err == nil || apierrors.IsAlreadyExists(err), nil // until the definitions are served
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, create); err != nil {
		t.Fatalf("make an IstioControlPlane: %v", err)
	}
	return cluster, c
}

func TestAutoInject(t *testing.T) {
	cluster, c := meshCluster(t)
	name := cluster.Namespace(t)
	autoInject := func(args ...string) (int, string, string) {
		return run(t, append([]string{"sidecar-proxy", "auto-inject", "-c", cluster.Kubeconfig}, args...)...)
	}
	labels := func() map[string]string {
		namespace := &corev1.Namespace{}
		if err := c.Get(t.Context(), client.ObjectKey{Name: name}, namespace); err != nil {
			t.Fatal(err)
		}
		return namespace.Labels
	}

	label := client.RawPatch(client.Merge.Type(), []byte(`{"metadata":{"labels":{"istio-injection":"enabled"}}}`))
	if err := c.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, label); err != nil {
		t.Fatal(err)
	}

	code, out, errOut := autoInject("on", name)
	if code != exitOK || !strings.Contains(out, "auto sidecar injection successfully set to namespace") {
		t.Fatalf("on: exit code %d, output %q, errors %q", code, out, errOut)
	}
	if !strings.Contains(errOut, "istio-injection=enabled removed") {
		t.Errorf("on must warn of the conflicting label, got %q", errOut)
	}
	if got := labels(); got["istio.io/rev"] != "cp-v131x.default" || got["istio-injection"] != "" {
		t.Errorf("labels after on: %v", got)
	}

	var setting injection.Setting
	_, out, _ = autoInject("get", name, "-o", "json")
	if err := json.Unmarshal([]byte(out), &setting); err != nil || !setting.Enabled || setting.ControlPlane != "cp-v131x.default" {
		t.Errorf("get -o json: %s (%v)", out, err)
	}

	code, out, _ = autoInject("off", name)
	if code != exitOK || !strings.Contains(out, "auto sidecar injection removed from namespace") {
		t.Errorf("off: exit code %d, output %q", code, out)
	}
	if _, found := labels()["istio.io/rev"]; found {
		t.Errorf("labels after off: %v", labels())
	}
	_, out, _ = autoInject("get", name)
	if want := "NAMESPACE    AUTO-INJECT   CONTROL PLANE\n" + name + "   off           -\n"; out != want {
		t.Errorf("get:\n%s\nwant:\n%s", out, want)
	}
}

func TestAutoInjectTwiceWritesOnce(t *testing.T) {
	cluster, c := meshCluster(t)
	name := cluster.Namespace(t)
	first, err := injection.Enable(t.Context(), c, name, "")
	if err != nil || !first.Written {
		t.Fatalf("first: %+v, %v", first, err)
	}
	second, err := injection.Enable(t.Context(), c, name, "")
	if err != nil || second.Written {
		t.Errorf("second: %+v, %v", second, err)
	}
}

func TestAutoInjectErrors(t *testing.T) {
	cluster, _ := meshCluster(t)
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"missing namespace":     {[]string{"on", "nowhere"}, exitFailed, `there is no namespace "nowhere"`},
		"unknown control plane": {[]string{"on", "default", "--controlplane", "cp-v115x"}, exitFailed, `no IstioControlPlane "cp-v115x"`},
		"no argument":           {[]string{"on"}, exitUsage, "accepts 1 arg(s), received 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, _, errOut := run(t, append([]string{"sidecar-proxy", "auto-inject", "-c", cluster.Kubeconfig}, test.args...)...)
			if code != test.code || !strings.Contains(errOut, test.want) {
				t.Errorf("exit code %d, errors %q; want %d and %q", code, errOut, test.code, test.want)
			}
		})
	}
}
