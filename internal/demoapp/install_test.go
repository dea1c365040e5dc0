package demoapp

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// newCluster is a real API server with the resource definitions of Istio and of the product, and one control plane.
func newCluster(t *testing.T) (*kubetest.Cluster, *Application) {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	if _, err := newApplication(t, cluster.Config).applier.Apply(t.Context(), kube.Owner{Kind: "Test", Name: "definitions"}, definitions(t)); err != nil {
		t.Fatal(err)
	}
	plane := &servicemeshv1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "cp-v131x", Namespace: "default"}}
	plane.Spec.Version = "1.31.1"
	plane.Spec.Mode = "ACTIVE"
	// A client keeps what it has learned of the server's kinds, so that each try needs a new one.
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		a := newApplication(t, cluster.Config)
		if err := a.client.Create(ctx, plane.DeepCopy()); err != nil && !apierrors.IsAlreadyExists(err) {
			return false, nil
		}
		known, err := knowsIstio(a.client.RESTMapper())
		return err == nil && known, nil
	})
	if err != nil {
		t.Fatalf("the definitions are not served: %v", err)
	}
	a := newApplication(t, cluster.Config)
	setPlane(t, a, servicemeshv1alpha1.ConfigStateAvailable)
	return cluster, a
}

// setPlane sets what the only control plane says of itself.
func setPlane(t *testing.T, a *Application, state servicemeshv1alpha1.ConfigState) {
	t.Helper()
	plane := &servicemeshv1alpha1.IstioControlPlane{}
	if err := a.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "cp-v131x"}, plane); err != nil {
		t.Fatal(err)
	}
	plane.Status.Status = state
	if err := a.client.Status().Update(t.Context(), plane); err != nil {
		t.Fatal(err)
	}
}

func definitions(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	own, err := platform.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	release, err := istio.Builtin().Find("")
	if err != nil {
		t.Fatal(err)
	}
	istios, err := release.CRDs()
	if err != nil {
		t.Fatal(err)
	}
	return append(own, istios...)
}

func newApplication(t *testing.T, config *rest.Config) *Application {
	t.Helper()
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// countWrites counts the requests that change the cluster.
func countWrites(config *rest.Config) (*rest.Config, *atomic.Int64) {
	counted, writes := rest.CopyConfig(config), &atomic.Int64{}
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			if request.Method != http.MethodGet && request.URL.Query().Get("dryRun") == "" {
				writes.Add(1)
			}
			return next.RoundTrip(request)
		})
	})
	return counted, writes
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func install(t *testing.T, a *Application, change func(*Wanted)) {
	t.Helper()
	wanted := Wanted{Replicas: 1}
	change(&wanted)
	prepared, err := a.Prepare(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Install(t.Context(), prepared); err != nil {
		t.Fatal(err)
	}
}

func uninstall(t *testing.T, a *Application) Removal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	removal, err := a.Uninstall(ctx, DefaultNamespace, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return removal
}

func deployments(t *testing.T, a *Application) []string {
	t.Helper()
	s, err := readState(t.Context(), a.client, DefaultNamespace)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range s.deployments {
		names = append(names, d.Name)
	}
	return names
}

func TestInstallIsRepeatableAndUninstallLeavesNothing(t *testing.T) {
	cluster, a := newCluster(t)
	if _, err := a.SwitchLoad(t.Context(), DefaultNamespace, false); err == nil || !strings.Contains(err.Error(), "demoapp install") {
		t.Errorf("switching the load of nothing: %v", err)
	}
	install(t, a, func(*Wanted) {})
	if got := deployments(t, a); len(got) != 13 {
		t.Errorf("deployments %v", got)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cluster.RunNode(t)
	var told []string
	if err := a.Wait(ctx, DefaultNamespace, func(message string) { told = append(told, message) }); err != nil {
		t.Fatalf("%v; told %q", err, told)
	}
	if len(told) == 0 {
		t.Error("Wait told nothing of its progress")
	}

	counted, writes := countWrites(cluster.Config)
	if install(t, newApplication(t, counted), func(*Wanted) {}); writes.Load() > 0 {
		t.Errorf("the second installation wrote in %d requests", writes.Load())
	}
	change, err := a.SwitchLoad(t.Context(), DefaultNamespace, false)
	if err != nil || change.Enabled || change.MaxRPS != 30 {
		t.Errorf("SwitchLoad: %+v, %v", change, err)
	}
	if change.Delayed == "" {
		t.Error("a generator that cannot be reached must be mentioned")
	}
	settings := &corev1.ConfigMap{}
	if err := a.client.Get(ctx, client.ObjectKey{Namespace: DefaultNamespace, Name: LoadGenerator}, settings); err != nil || settings.Data["enabled"] != "false" {
		t.Errorf("the settings must last: %v, %v", settings.Data, err)
	}

	install(t, a, func(w *Wanted) { w.Components = []Component{Frontpage, MySQL} })
	if diff := cmp.Diff([]string{LoadGenerator, "frontpage-v1", "mysql"}, deployments(t, a)); diff != "" {
		t.Errorf("after choosing fewer services: %s", diff)
	}

	if removal := uninstall(t, a); removal.Objects == 0 || len(removal.Kept) > 0 {
		t.Errorf("removal %+v", removal)
	}
	err = a.client.Get(t.Context(), client.ObjectKey{Name: DefaultNamespace}, &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the namespace is still there: %v", err)
	}
	if removal := uninstall(t, a); removal.Objects != 0 || len(removal.Kept) > 0 {
		t.Errorf("removing what is not there: %+v", removal)
	}
}

func TestNamespacesOfOthersAreRespected(t *testing.T) {
	_, a := newCluster(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: DefaultNamespace, Labels: map[string]string{istio.InjectionLabel: "disabled"}}}
	if err := a.client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	prepared, err := a.Prepare(t.Context(), Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Install(t.Context(), prepared); err == nil || !strings.Contains(err.Error(), "smm sidecar-proxy auto-inject on smm-demo") {
		t.Errorf("a namespace without injection: %v", err)
	}
	namespace.Labels = map[string]string{}
	if err := a.client.Update(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	install(t, a, func(w *Wanted) { w.Components = []Component{Notifications}; w.Replicas = 0 })
	notifications := &appsv1.Deployment{}
	if err := a.client.Get(t.Context(), client.ObjectKey{Namespace: DefaultNamespace, Name: "notifications-v1"}, notifications); err != nil {
		t.Fatal(err)
	}
	if got := notifications.Spec.Template.Labels[istio.RevisionLabel]; got != "cp-v131x.default" {
		t.Errorf("where the namespace selects no control plane, the pods must: %q", got)
	}
	removal := uninstall(t, a)
	if diff := cmp.Diff([]string{"namespace smm-demo, which was there before"}, removal.Kept); diff != "" {
		t.Error(diff)
	}
	if err := a.client.Delete(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
}

func TestOwnNamespaceIsKeptForOthersWorkloads(t *testing.T) {
	_, a := newCluster(t)
	install(t, a, func(w *Wanted) { w.Components = []Component{Notifications}; w.Replicas = 0 })
	labels := map[string]string{"app": "theirs"}
	theirs := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "theirs", Namespace: DefaultNamespace}}
	theirs.Spec.Replicas = ptr(int32(0))
	theirs.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	theirs.Spec.Template.Labels = labels
	theirs.Spec.Template.Spec.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	if err := a.client.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"namespace smm-demo, because it holds Deployment theirs"}, uninstall(t, a).Kept); diff != "" {
		t.Error(diff)
	}
	if err := a.client.Delete(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	uninstall(t, a)
}

func TestTheControlPlaneIsChosenBeforeAnythingIsWritten(t *testing.T) {
	cluster, _ := newCluster(t)
	counted, writes := countWrites(cluster.Config)
	_, err := newApplication(t, counted).Prepare(t.Context(), Wanted{ControlPlane: "cp-v115x"})
	if err == nil || !strings.Contains(err.Error(), "cp-v131x.default") || writes.Load() > 0 {
		t.Errorf("an unknown control plane: %v, %d writes", err, writes.Load())
	}
}
