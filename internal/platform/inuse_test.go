package platform_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

// An upgrade runs a second control plane beside the first, which goes when nobody uses it any more. A mesh whose proxies
// run is not uninstalled unless it is forced to, and then leaves nothing of either.
func TestUpgradeAndUninstallInUse(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)
	user := cluster.Namespace(t)
	proxy := &corev1.Pod{ // made before there are webhooks, which nobody answers here
		ObjectMeta: metav1.ObjectMeta{Namespace: user, Name: "proxy", Annotations: map[string]string{"sidecar.istio.io/status": `{"revision":"cp-v130x"}`}},
		Spec:       corev1.PodSpec{TerminationGracePeriodSeconds: new(int64), Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	if err := c.Create(ctx, proxy); err != nil {
		t.Fatal(err)
	}
	installer := newInstaller(t, cluster.Config)
	apply := func(settings platform.Settings) {
		t.Helper()
		prepared, err := installer.Prepare(ctx, settings)
		if err != nil {
			t.Fatal(err)
		}
		if err := prepared.Install(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	older, newer := istio.Revision{Name: "cp-v130x", Namespace: "istio-system"}, istio.Revision{Name: "cp-v131x", Namespace: "istio-system"}
	apply(platform.Settings{ClusterName: "c1", IstioControlPlane: []byte("spec: {version: '1.30'}")})
	if err := installer.RemoveControlPlane(ctx, older, nil); err == nil || !strings.Contains(err.Error(), "asks for") {
		t.Errorf("the control plane that the ControlPlane asks for is removed: %v", err)
	}
	apply(platform.Settings{ClusterName: "c1"})

	var used *platform.InUseError
	if err := installer.RemoveControlPlane(ctx, older, nil); !errors.As(err, &used) || !strings.Contains(err.Error(), user+"/proxy") {
		t.Fatalf("a control plane that is in use is removed: %v", err)
	}
	if _, _, err := installer.Uninstall(ctx, platform.ControlPlaneName, nil); !errors.As(err, &used) {
		t.Fatalf("a mesh that is in use is uninstalled: %v", err)
	}
	if err := installer.InUse(ctx, platform.ControlPlaneName, user); err != nil {
		t.Errorf("the namespace that is to be left out counts: %v", err)
	}
	if err := c.Delete(ctx, proxy); err != nil {
		t.Fatal(err)
	}
	eventuallyGone(ctx, t, c, proxy)
	if err := installer.RemoveControlPlane(ctx, older, nil); err != nil {
		t.Fatal(err)
	}

	// Labels alone do not keep a mesh from being uninstalled, and are said to stay.
	apply(platform.Settings{ClusterName: "c1", IstioControlPlane: []byte("spec: {version: '1.30'}")})
	label := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"istio.io/rev":"`+older.Label()+`"}}}`))
	if err := c.Patch(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: user}}, label); err != nil {
		t.Fatal(err)
	}
	kept := uninstall(ctx, t, cluster.Config)
	if len(kept.IstioControlPlanes) > 0 || strings.Join(kept.InjectionNamespaces, " ") != user {
		t.Errorf("kept %+v; want the label of namespace %s and no control plane, neither %s nor %s", kept, user, older.Name, newer.Name)
	}
	if leftovers := objectsOf(ctx, t, c); len(leftovers) > 0 {
		t.Errorf("left on the cluster: %v", leftovers)
	}
}

func eventuallyGone(ctx context.Context, t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	for c.Get(ctx, client.ObjectKeyFromObject(object), object) == nil {
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still there", object.GetName())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
