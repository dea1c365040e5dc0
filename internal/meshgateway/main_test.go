package meshgateway_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/meshgateway"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	kubetest.Main(m)
}

const (
	pollInterval = 50 * time.Millisecond
	pollTimeout  = 120 * time.Second
)

// mesh is a cluster with a namespace of the test's own, in which pods become ready and whose
// control planes exist by name only.
type mesh struct {
	t         testing.TB
	config    *rest.Config
	client    client.WithWatch
	namespace string
}

func newMesh(t testing.TB) *mesh {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	m := &mesh{t: t, config: cluster.Config, client: newClient(t, cluster.Config)}
	m.define()
	cluster.RunNode(t)
	m.namespace = cluster.Namespace(t)
	return m
}

func newClient(t testing.TB, config *rest.Config) client.WithWatch {
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

// define makes the product's kinds known to the cluster.
func (m *mesh) define() {
	m.t.Helper()
	definitions, err := crds.All()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := m.client.Create(m.t.Context(), definition.DeepCopy()); err != nil && !apierrors.IsAlreadyExists(err) {
			m.t.Fatal(err)
		}
		m.eventually(definition.Name+" is served", func(ctx context.Context) (bool, error) {
			var live apiextensionsv1.CustomResourceDefinition
			err := m.client.Get(ctx, client.ObjectKeyFromObject(definition), &live)
			for _, condition := range live.Status.Conditions {
				if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
					return true, nil
				}
			}
			return false, err
		})
	}
}

// eventually fails the test when the condition does not come true in time.
func (m *mesh) eventually(what string, condition wait.ConditionWithContextFunc) {
	m.t.Helper()
	if err := wait.PollUntilContextTimeout(m.t.Context(), pollInterval, pollTimeout, true, condition); err != nil {
		m.t.Fatalf("%s: %v", what, err)
	}
}

// reconciler is one process that knows nothing of those before it.
func (m *mesh) reconciler(config *rest.Config) *kube.Reconciler[*v1alpha1.IstioMeshGateway] {
	m.t.Helper()
	c := newClient(m.t, config)
	return meshgateway.NewReconciler(c, kube.NewApplier(c), istio.Builtin(), "v1.36.3")
}

// controlPlane makes an IstioControlPlane that says of itself whether its istiod is ready.
func (m *mesh) controlPlane(name string, ready metav1.ConditionStatus) *v1alpha1.IstioControlPlane {
	m.t.Helper()
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: name}}
	if err := m.client.Create(m.t.Context(), icp); err != nil {
		m.t.Fatal(err)
	}
	m.setControlPlane(icp, ready, "1")
	return icp
}

// setControlPlane sets whether istiod is ready and what it injects.
func (m *mesh) setControlPlane(icp *v1alpha1.IstioControlPlane, ready metav1.ConditionStatus, injector string) {
	m.t.Helper()
	meta.SetStatusCondition(&icp.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionIstiodReady, Status: ready, ObservedGeneration: icp.Generation, Reason: "Test",
	})
	icp.Status.Checksums = &v1alpha1.ConfigChecksums{SidecarInjector: injector}
	if err := m.client.Status().Update(m.t.Context(), icp); err != nil {
		m.t.Fatal(err)
	}
}

// gateway makes a gateway of the control plane, with a load balancer.
func (m *mesh) gateway(name, controlPlane string) *v1alpha1.IstioMeshGateway {
	m.t.Helper()
	gateway := newGateway(m.namespace, name, controlPlane)
	if err := m.client.Create(m.t.Context(), gateway); err != nil {
		m.t.Fatal(err)
	}
	return gateway
}

func newGateway(namespace, name, controlPlane string) *v1alpha1.IstioMeshGateway {
	gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	gateway.Spec.Type = v1alpha1.GatewayTypeIngress
	gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName{Name: controlPlane, Namespace: namespace}
	gateway.Spec.Service.Type = corev1.ServiceTypeLoadBalancer
	gateway.Spec.Service.Ports = []v1alpha1.ServicePort{{Name: "http2", Port: 80}, {Name: "https", Port: 443}}
	return gateway
}

// read reads the object of the gateway's name, or the gateway itself.
func (m *mesh) read(gateway *v1alpha1.IstioMeshGateway, into client.Object) {
	m.t.Helper()
	if err := m.client.Get(m.t.Context(), client.ObjectKeyFromObject(gateway), into); err != nil {
		m.t.Fatal(err)
	}
}

// settle reconciles the gateway until its status is as wanted.
func (m *mesh) settle(reconciler *kube.Reconciler[*v1alpha1.IstioMeshGateway], gateway *v1alpha1.IstioMeshGateway, state v1alpha1.ConfigState, reason string) {
	m.t.Helper()
	what := "the gateway to be " + string(state) + " " + reason
	m.eventually(what, func(ctx context.Context) (bool, error) {
		if _, err := reconciler.Reconcile(ctx, client.ObjectKeyFromObject(gateway)); err != nil && !kube.IsTransient(err) {
			return false, err
		}
		if err := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), gateway); err != nil {
			return false, err
		}
		status := gateway.Status
		return status.Status == state && status.ObservedGeneration == gateway.Generation &&
			len(status.Conditions) > 0 && (reason == "" || conditionReason(status.Conditions) == reason), nil
	})
}

func conditionReason(conditions []metav1.Condition) string {
	for _, condition := range conditions {
		if condition.Type == kube.ReadyCondition {
			return condition.Reason
		}
	}
	return ""
}

// balance gives the gateway's Service addresses, as a cloud does.
func (m *mesh) balance(gateway *v1alpha1.IstioMeshGateway, addresses ...corev1.LoadBalancerIngress) {
	m.t.Helper()
	var service corev1.Service
	m.read(gateway, &service)
	service.Status.LoadBalancer.Ingress = addresses
	if err := m.client.Status().Update(m.t.Context(), &service); err != nil {
		m.t.Fatal(err)
	}
}

// available brings a gateway with a load balancer to its end.
func (m *mesh) available(reconciler *kube.Reconciler[*v1alpha1.IstioMeshGateway], gateway *v1alpha1.IstioMeshGateway) {
	m.t.Helper()
	m.settle(reconciler, gateway, v1alpha1.ConfigStateReconciling, string(v1alpha1.ConfigStateReconciling))
	m.balance(gateway, corev1.LoadBalancerIngress{IP: "192.0.2.1"})
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
}

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
	if request.Method != http.MethodGet && request.URL.Query().Get("dryRun") == "" {
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
