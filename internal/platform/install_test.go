package platform_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
)

// writeCounter counts the requests that change the cluster and, from the limit on, lets no
// request through any more, as if the process had been killed there.
type writeCounter struct {
	next   http.RoundTripper
	writes atomic.Int64
	limit  int64 // 0 for none
}

var errKilled = errors.New("killed")

func (w *writeCounter) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.limit > 0 && w.writes.Load() >= w.limit {
		return nil, errKilled
	}
	writes := request.Method != http.MethodGet && request.URL.Query().Get("dryRun") == ""
	if writes {
		w.writes.Add(1)
	}
	return w.next.RoundTrip(request)
}

// counting returns a copy of the configuration whose requests go through a counter.
func counting(config *rest.Config, limit int64) (*rest.Config, *writeCounter) {
	counter := &writeCounter{limit: limit}
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		counter.next = next
		return counter
	})
	return counted, counter
}

func install(ctx context.Context, t *testing.T, config *rest.Config) error {
	t.Helper()
	prepared, err := newInstaller(t, config).Prepare(ctx, platform.Settings{ClusterName: "c1"})
	if err != nil {
		return err
	}
	return prepared.Install(ctx, nil)
}

func uninstall(ctx context.Context, t *testing.T, config *rest.Config) platform.Kept {
	t.Helper()
	kept, found, err := newInstaller(t, config).Uninstall(ctx, platform.ControlPlaneName, nil)
	if err != nil || !found {
		t.Fatalf("uninstall: found %v, error %v", found, err)
	}
	return kept
}

// A second installation writes nothing; uninstallation leaves only what it says.
func TestInstallTwiceThenUninstall(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)

	first, counter := counting(cluster.Config, 0)
	if err := install(ctx, t, first); err != nil {
		t.Fatal(err)
	}
	t.Logf("first installation: %d writes", counter.writes.Load())
	var icp servicemeshv1alpha1.IstioControlPlane
	if err := c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "cp-v131x"}, &icp); err != nil {
		t.Fatal(err)
	}
	if icp.Status.Status != servicemeshv1alpha1.ConfigStateAvailable || icp.Status.ClusterID != "c1" || icp.Status.Checksums.MeshConfig == "" {
		t.Errorf("status after installation: %+v", icp.Status)
	}

	second, counter := counting(cluster.Config, 0)
	started := time.Now()
	if err := install(ctx, t, second); err != nil {
		t.Fatal(err)
	}
	t.Logf("second installation: %s", time.Since(started).Round(time.Millisecond))
	if writes := counter.writes.Load(); writes != 0 {
		t.Errorf("the second installation wrote %d times; want 0", writes)
	}

	kept := uninstall(ctx, t, cluster.Config)
	if len(kept.CRDs) == 0 || len(kept.Namespaces)+len(kept.IstioControlPlanes) > 0 {
		t.Errorf("kept %+v; want the CRDs only", kept)
	}
	for _, name := range []string{"istio-system", "smm-system"} {
		if err := c.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{}); !apierrors.IsNotFound(err) {
			t.Errorf("namespace %s is still there: %v", name, err)
		}
	}
	if leftovers := objectsOf(ctx, t, c); len(leftovers) > 0 {
		t.Errorf("left on the cluster: %v", leftovers)
	}
}

// An installation after an interrupted uninstallation finishes the removal and begins anew.
func TestInstallAfterInterruptedUninstall(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)
	if err := install(ctx, t, cluster.Config); err != nil {
		t.Fatal(err)
	}
	want := objectsOf(ctx, t, c)
	killed, _ := counting(cluster.Config, 8)
	if _, _, err := newInstaller(t, killed).Uninstall(ctx, platform.ControlPlaneName, nil); err == nil {
		t.Fatal("the uninstallation was not interrupted")
	}
	if err := install(ctx, t, cluster.Config); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, objectsOf(ctx, t, c)); diff != "" {
		t.Error(diff)
	}
	uninstall(ctx, t, cluster.Config)
}

// Killed after any write and run again, an installation reaches the same objects. The quick run
// takes a sample of the writes, the long one all of them.
func TestInstallSurvivesBeingKilledAtAnyWrite(t *testing.T) {
	cluster := kubetest.Start(t, kubetest.WithControllers())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	c := newClient(t, cluster.Config)
	cluster.RunNode(t)
	go publishRootCertificates(ctx, c)

	config, counter := counting(cluster.Config, 0)
	if err := install(ctx, t, config); err != nil {
		t.Fatal(err)
	}
	total := counter.writes.Load()
	want := objectsOf(ctx, t, c)
	uninstall(ctx, t, cluster.Config)

	step := int64(1)
	if testing.Short() {
		step = max(1, total/3)
	}
	for killAt := int64(1); killAt <= total; killAt += step {
		deleteDefinitions(ctx, t, c)
		killed, counter := counting(cluster.Config, killAt)
		short, cancel := context.WithTimeout(ctx, 30*time.Second)
		err := install(short, t, killed)
		cancel()
		if err == nil && counter.writes.Load() >= killAt {
			t.Fatalf("killed after write %d: the installation reports success", killAt)
		}
		if err := install(ctx, t, cluster.Config); err != nil {
			t.Fatalf("repeated after being killed at write %d: %v", killAt, err)
		}
		if diff := cmp.Diff(want, objectsOf(ctx, t, c)); diff != "" {
			t.Fatalf("killed at write %d, the objects differ:\n%s", killAt, diff)
		}
		uninstall(ctx, t, cluster.Config)
	}
}

// objectsOf lists what an installation may leave or make, by kind and name.
func objectsOf(ctx context.Context, t *testing.T, c client.Client) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, kind := range []metav1.GroupVersionKind{
		{Group: "", Version: "v1", Kind: "ServiceAccount"}, {Group: "", Version: "v1", Kind: "ConfigMap"}, {Group: "", Version: "v1", Kind: "Service"},
		{Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRoleBinding"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingWebhookConfiguration"},
		{Group: "smm.cisco.com", Version: "v1alpha1", Kind: "ControlPlane"}, {Group: "servicemesh.cisco.com", Version: "v1alpha1", Kind: "IstioControlPlane"},
	} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList"))
		list.APIVersion = metav1.GroupVersion{Group: kind.Group, Version: kind.Version}.String()
		list.Kind = kind.Kind + "List"
		if err := c.List(ctx, list, client.MatchingLabels{"app.kubernetes.io/managed-by": "smm"}); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			found[kind.Kind+" "+item.Namespace+"/"+item.Name] = true
		}
	}
	return found
}

// deleteDefinitions takes the custom resource definitions away, so that the next installation
// writes as much as the first.
func deleteDefinitions(ctx context.Context, t *testing.T, c client.Client) {
	t.Helper()
	ours := client.MatchingLabels{"app.kubernetes.io/managed-by": "smm"}
	if err := c.DeleteAllOf(ctx, &apiextensionsv1.CustomResourceDefinition{}, ours); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		var left apiextensionsv1.CustomResourceDefinitionList
		err := c.List(ctx, &left, ours)
		return len(left.Items) == 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
