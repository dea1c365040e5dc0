package inventory_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// What changes on the cluster is in the inventory at once, and whoever waits for a change hears of it.
func TestTheCacheFollowsTheCluster(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace := cluster.Namespace(t)
	cache, err := inventory.NewCache(cluster.Config, "c1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- cache.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	if !cache.Synced(ctx) {
		t.Fatal("nothing was read")
	}
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
