// Package kubetest gives tests a real Kubernetes control plane: etcd, API server and, if wanted, the controllers,
// in one process on 127.0.0.1, without root and without nodes. One serves all tests of a package:
//
//	func TestMain(m *testing.M) { kubetest.Main(m) }
//
//	func TestApply(t *testing.T) {
//		cluster := kubetest.Start(t)
//		namespace := cluster.Namespace(t)
//		…
//	}
package kubetest

import (
	"context"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// requestTimeout bounds what this package asks of a cluster and waits for.
	requestTimeout = 30 * time.Second
	pollInterval   = 20 * time.Millisecond
)

// Cluster is a running control plane.
type Cluster struct {
	Config     *rest.Config // cluster administrator; every Start returns its own copy
	Kubeconfig string       // path of a file with the same rights

	controllers bool
}

// Option changes which control plane a test gets.
type Option func(*options)

type options struct {
	controllers bool
	dualStack   bool
	number      int
}

func chosenBy(opts []Option) options {
	var chosen options
	for _, option := range opts {
		option(&chosen)
	}
	return chosen
}

// WithControllers also runs kube-controller-manager and kube-scheduler: namespaces are finalized, owned objects
// collected, Deployments make pods. Tests without this need save memory and time.
func WithControllers() Option { return func(o *options) { o.controllers = true } }

// WithDualStack gives Services IPv4 and IPv6 addresses.
func WithDualStack() Option { return func(o *options) { o.dualStack = true } }

// Another gives another control plane than any other number, for tests of several clusters.
func Another(number int) Option { return func(o *options) { o.number = number } }

// Main runs a package's tests and then ends the control planes that they started. Call it from TestMain.
func Main(m *testing.M) {
	shared.enabled = true
	code := m.Run()
	shared.stop()
	os.Exit(code)
}

// Start returns the package's control plane, started by the first call. It fails the test when it cannot.
func Start(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	if !shared.enabled {
		t.Fatal("kubetest: the package needs `func TestMain(m *testing.M) { kubetest.Main(m) }`, which ends the control plane")
	}
	chosen := chosenBy(opts)
	server, err := shared.get(Binary(t, "smm-sandbox"), chosen)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", server.Kubeconfig)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	config.QPS, config.Burst = -1, 0 // tests measure the product, not the client's throttle
	return &Cluster{Config: config, Kubeconfig: server.Kubeconfig, controllers: chosen.controllers}
}

// Namespace makes a namespace of its own for the test, deletes it at the end, and returns its name. What the controllers
// put into every namespace is there already, so that a test that compares what the namespace holds sees its own doing.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), requestTimeout)
	defer cancel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	made, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("kubetest: make a namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		if err := client.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("kubetest: delete namespace %s: %v", made.Name, err)
		}
	})
	if c.controllers {
		if err := furnished(ctx, client, made.Name); err != nil {
			t.Fatalf("kubetest: wait for what every namespace has: %v", err)
		}
	}
	return made.Name
}

// furnished waits until the controllers have put into the namespace what every namespace has.
func furnished(ctx context.Context, client kubernetes.Interface, namespace string) error {
	return wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if err == nil {
			_, err = client.CoreV1().ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		}
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
}
