package inventory_test

import (
	"context"
	"testing"
	"time"

	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// run keeps an inventory of the cluster until the test ends, and waits until the cluster was read.
func run(t *testing.T, cluster *kubetest.Cluster) (*inventory.Cache, context.Context) {
	t.Helper()
	cache, err := inventory.NewCache(cluster.Config, "c1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- cache.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if !cache.Synced(ctx) {
		t.Fatal("nothing was read: does the inventory wait for kinds that the cluster does not know?")
	}
	return cache, ctx
}

// What changes on the cluster is in the inventory at once, and whoever waits for a change hears of it.
func TestTheCacheFollowsTheCluster(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace := cluster.Namespace(t)
	cache, ctx := run(t, cluster)
	has := func() bool {
		found, err := cache.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, service := range found.Services {
			if service.Namespace == namespace && service.Name == "cart" {
				return true
			}
		}
		return false
	}
	if has() {
		t.Fatal("the service is there before it was made")
	}
	client, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := client.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for changed := cache.Changed(); !has(); changed = cache.Changed() {
		if has() { // between the last look and the channel
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal("the cache did not hear of the service")
		}
	}
}

// Clusters learn of Istio's kinds after the cache was started: from then on machines are in the inventory.
func TestTheCacheFollowsMachinesOnceTheirKindsAreKnown(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace := cluster.Namespace(t)
	cache, ctx := run(t, cluster)
	if found, err := cache.Inventory(ctx); err != nil || len(found.Workloads) > 0 {
		t.Fatalf("before: %v, error %v", found, err)
	}
	scheme := runtime.NewScheme()
	if err := networkingv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := istio.Builtin()[0].CRDs()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kube.NewApplier(c).Apply(ctx, kube.Owner{Kind: "Test", Name: "crds"}, definitions); err != nil {
		t.Fatal(err)
	}
	entry := &networkingv1.WorkloadEntry{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "machine"}, Spec: networkingv1alpha3.WorkloadEntry{Address: "10.9.9.9"},
	}
	err = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return c.Create(ctx, entry) == nil, nil
	})
	if err != nil {
		t.Fatal("the cluster does not know the kind")
	}
	for {
		changed := cache.Changed()
		found, err := cache.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Workloads) == 1 && found.Workloads[0].Entries[0].Address == "10.9.9.9" {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the machine is not in the inventory: %+v", found)
		}
	}
}
