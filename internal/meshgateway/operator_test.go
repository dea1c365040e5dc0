package meshgateway_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/operator"
)

// restoreTimeout is how soon the operator puts back what somebody changed.
const restoreTimeout = 10 * time.Second

// The operator sees by itself what happens to a gateway's objects, its control plane and its
// namespace.
func TestOperatorFollowsEvents(t *testing.T) {
	m := newMesh(t)
	gateway := m.gateway("ingress", "cp-v131x")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go m.balanceAll(ctx)
	defer m.operate(ctx)()

	m.becomes(gateway, "ControlPlaneMissing")
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	m.becomes(gateway, string(v1alpha1.ConfigStateAvailable))

	var service corev1.Service
	m.read(gateway, &service)
	service.Spec.Ports[0].Port = 81
	if err := m.client.Update(ctx, &service, client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	edited := time.Now()
	m.eventually("the port to be put back", func(ctx context.Context) (bool, error) {
		err := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), &service)
		return len(service.Spec.Ports) == 2 && service.Spec.Ports[0].Port+service.Spec.Ports[1].Port == 80+443, err
	})
	if took := time.Since(edited); took > restoreTimeout {
		t.Errorf("the port was put back after %s", took)
	}

	label := func(value string) {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"istio.io/rev":`+value+`}}}`))
		if err := m.client.Patch(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: m.namespace}}, patch); err != nil {
			t.Fatal(err)
		}
	}
	label(`"cp-v130x.istio-system"`)
	m.becomes(gateway, "InjectionPrevented")
	label("null")
	m.becomes(gateway, string(v1alpha1.ConfigStateAvailable))

	if err := m.client.Delete(ctx, gateway); err != nil {
		t.Fatal(err)
	}
	m.eventually("the gateway to go", func(ctx context.Context) (bool, error) {
		err := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), gateway)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
}

// becomes waits until the gateway's Ready condition has the reason.
func (m *mesh) becomes(gateway *v1alpha1.IstioMeshGateway, reason string) {
	m.t.Helper()
	m.eventually("the gateway to be "+reason, func(ctx context.Context) (bool, error) {
		err := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), gateway)
		return conditionReason(gateway.Status.Conditions) == reason, err
	})
}

// operate reconciles gateways on events, as the operator does, until the returned function is called.
func (m *mesh) operate(ctx context.Context) (stop func()) {
	m.t.Helper()
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{kube.ManagedByLabel: kube.ManagedByValue})}
	cached := map[client.Object]cache.ByObject{}
	for _, kind := range operator.Watched() {
		cached[metadataOf(kind)] = ours
	}
	mgr, err := manager.New(m.config, manager.Options{
		Scheme:  m.client.Scheme(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		// Tests have several managers in one process.
		Controller: config.Controller{SkipNameValidation: new(true)},
		Cache:      cache.Options{ByObject: cached},
		Client:     client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&appsv1.Deployment{}, &corev1.Service{}}}},
	})
	if err != nil {
		m.t.Fatal(err)
	}
	c := mgr.GetClient()
	if err := operator.AddIstioMeshGateways(mgr, meshgateway.NewReconciler(c, kube.NewApplier(c), istio.Builtin(), "v1.36.3")); err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			m.t.Errorf("the manager ended: %v", err)
		}
	}
}

func metadataOf(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(kind)
	return metadata
}

// balanceAll gives every Service with a load balancer an address, as a cloud does.
func (m *mesh) balanceAll(ctx context.Context) {
	changes := kube.Changes(ctx, m.client, []client.ObjectList{&corev1.ServiceList{}}, client.InNamespace(m.namespace))
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
		var services corev1.ServiceList
		if err := m.client.List(ctx, &services, client.InNamespace(m.namespace)); err != nil {
			continue // the next change leads here again
		}
		for i := range services.Items {
			service := &services.Items[i]
			if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
				service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}
				_ = m.client.Status().Update(ctx, service) // a conflict is a change
			}
		}
	}
}
