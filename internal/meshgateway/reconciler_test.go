package meshgateway_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// A gateway waits for its control plane, then for its pods and its address, and says so; it
// follows the address; nothing is written when there is nothing to do.
func TestGatewayLife(t *testing.T) {
	m := newMesh(t)
	gateway := m.gateway("ingress", "cp-v131x")
	reconciler := m.reconciler(m.config)

	m.settle(reconciler, gateway, v1alpha1.ConfigStateReconcileFailed, "ControlPlaneMissing")
	if gateway.Status.ErrorMessage == "" || len(gateway.Status.Inventory) > 0 {
		t.Errorf("without a control plane: %+v", gateway.Status)
	}
	icp := m.controlPlane("cp-v131x", metav1.ConditionFalse)
	m.settle(reconciler, gateway, v1alpha1.ConfigStateReconciling, "ControlPlaneNotAvailable")
	if gateway.Status.ErrorMessage != "" || len(gateway.Status.Inventory) > 0 {
		t.Errorf("before the control plane is available: %+v", gateway.Status)
	}
	m.setControlPlane(icp, metav1.ConditionTrue, "1")
	m.settle(reconciler, gateway, v1alpha1.ConfigStateReconciling, string(v1alpha1.ConfigStateReconciling))

	m.balance(gateway, corev1.LoadBalancerIngress{Hostname: "lb.example.org"})
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	if diff := cmp.Diff([]string{"lb.example.org"}, gateway.Status.GatewayAddress); diff != "" {
		t.Error(diff)
	}
	m.balance(gateway, corev1.LoadBalancerIngress{IP: "192.0.2.7"}, corev1.LoadBalancerIngress{IP: "192.0.2.6"})
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	if diff := cmp.Diff([]string{"192.0.2.6", "192.0.2.7"}, gateway.Status.GatewayAddress); diff != "" {
		t.Error(diff)
	}

	config, counter := counting(m.config, 0)
	for _, same := range []string{"the same process", "the same process again"} {
		if _, err := reconciler.Reconcile(t.Context(), client.ObjectKeyFromObject(gateway)); err != nil {
			t.Fatal(err)
		}
		if writes := counter.writes.Load(); writes > 0 {
			t.Errorf("%s wrote %d times; want 0", same, writes)
		}
		reconciler = m.reconciler(config)
	}
}

// What is done to the Service's ports by hand is undone, whichever way it was done.
func TestPortsAreRestored(t *testing.T) {
	m := newMesh(t)
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	gateway := m.gateway("ingress", "cp-v131x")
	reconciler := m.reconciler(m.config)
	m.available(reconciler, gateway)
	var before corev1.Service
	m.read(gateway, &before)

	told := map[string]string{
		"a port added":        "(.spec.ports, changed by kubectl-edit)",
		"a port renumbered":   "(.spec.ports, changed by kubectl-edit)",
		"a port removed":      `(.spec.ports[port=443,protocol="TCP"], changed)`,
		"a target changed":    `(.spec.ports[port=443,protocol="TCP"].targetPort, changed by kubectl-edit)`,
		"all ports replaced":  "(.spec.ports, changed by kubectl-edit)",
		"the type changed":    "(.spec.type, changed by kubectl-edit)",
		"the selector edited": "(.spec.selector, changed by kubectl-edit)",
	}
	for name, edit := range map[string]func(*corev1.Service){
		"a port added": func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "extra", Port: 9000, TargetPort: intstr.FromInt32(9000)})
		},
		"a port renumbered":   func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 },
		"a port removed":      func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[:1] },
		"a target changed":    func(s *corev1.Service) { s.Spec.Ports[1].TargetPort = intstr.FromInt32(1) },
		"all ports replaced":  func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Name: "only", Port: 9000}} },
		"the type changed":    func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP },
		"the selector edited": func(s *corev1.Service) { s.Spec.Selector["app"] = "none" },
	} {
		var edited corev1.Service
		m.read(gateway, &edited)
		edit(&edited)
		if err := m.client.Update(t.Context(), &edited, client.FieldOwner("kubectl-edit")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := reconciler.Reconcile(t.Context(), client.ObjectKeyFromObject(gateway)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m.balance(gateway, corev1.LoadBalancerIngress{IP: "192.0.2.1"})
		m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
		var after corev1.Service
		m.read(gateway, &after)
		if diff := cmp.Diff(withoutNodePorts(before.Spec), withoutNodePorts(after.Spec)); diff != "" {
			t.Errorf("after %s:\n%s", name, diff)
		}
		drift := meta.FindStatusCondition(gateway.Status.Conditions, kube.DriftedCondition)
		if drift == nil || drift.Message != "Service "+after.Namespace+"/ingress "+told[name] {
			t.Errorf("after %s: told as %+v", name, drift)
		}
	}

	gateway.Spec.Service.Ports = gateway.Spec.Service.Ports[:1]
	if err := m.client.Update(t.Context(), gateway); err != nil {
		t.Fatal(err)
	}
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	var fewer corev1.Service
	m.read(gateway, &fewer)
	if len(fewer.Spec.Ports) != 1 || fewer.Spec.Ports[0].Port != 80 {
		t.Errorf("a port that is no longer wanted is still there: %v", fewer.Spec.Ports)
	}
}

// withoutNodePorts leaves out what Kubernetes chooses anew when a port comes back, and the order.
func withoutNodePorts(spec corev1.ServiceSpec) map[string]any {
	ports := map[int32]corev1.ServicePort{}
	for _, port := range spec.Ports {
		port.NodePort = 0
		ports[port.Port] = port
	}
	return map[string]any{"ports": ports, "type": spec.Type, "selector": spec.Selector, "clusterIP": spec.ClusterIP}
}

// Another control plane, or another version of it, makes new pods, and only when that control
// plane is available; the Service and its addresses stay.
func TestUpgradeRollsThePods(t *testing.T) {
	m := newMesh(t)
	m.controlPlane("cp-v130x", metav1.ConditionTrue)
	gateway := m.gateway("ingress", "cp-v130x")
	reconciler := m.reconciler(m.config)
	m.available(reconciler, gateway)
	var service corev1.Service
	m.read(gateway, &service)
	generation := m.deployment(gateway).Generation

	icp := m.controlPlane("cp-v131x", metav1.ConditionFalse)
	gateway.Spec.IstioControlPlane.Name = icp.Name
	if err := m.client.Update(t.Context(), gateway); err != nil {
		t.Fatal(err)
	}
	m.settle(reconciler, gateway, v1alpha1.ConfigStateReconciling, "ControlPlaneNotAvailable")
	if deployment := m.deployment(gateway); deployment.Generation != generation {
		t.Error("the pods are made anew before their control plane is available")
	}
	m.setControlPlane(icp, metav1.ConditionTrue, "1")
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	rolled := m.deployment(gateway)
	if label := rolled.Spec.Template.Labels["istio.io/rev"]; rolled.Generation == generation || label != "cp-v131x."+m.namespace {
		t.Errorf("after the reference changed, the pods' revision is %s", label)
	}
	m.eventually("the pods of the old control plane to stop", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		err := m.client.List(ctx, &pods, client.InNamespace(m.namespace), client.MatchingLabels{"istio.io/rev": "cp-v130x." + m.namespace})
		return len(pods.Items) == 0, err
	})

	m.setControlPlane(icp, metav1.ConditionFalse, "2")
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	if m.deployment(gateway).Generation != rolled.Generation {
		t.Error("the pods are made anew while their control plane is being changed")
	}
	m.setControlPlane(icp, metav1.ConditionTrue, "2")
	m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
	if m.deployment(gateway).Generation == rolled.Generation {
		t.Error("the pods are not made anew when their control plane injects something else")
	}
	var after corev1.Service
	m.read(gateway, &after)
	if after.UID != service.UID || after.Spec.ClusterIP != service.Spec.ClusterIP {
		t.Error("the Service was made anew")
	}
}

func (m *mesh) deployment(gateway *v1alpha1.IstioMeshGateway) *appsv1.Deployment {
	m.t.Helper()
	var deployment appsv1.Deployment
	m.read(gateway, &deployment)
	return &deployment
}

// A gateway that gets an autoscaler keeps its pods until that acts, and one that loses it has the
// number of pods that is asked for.
func TestAutoscalerTakesOverThePods(t *testing.T) {
	m := newMesh(t)
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	gateway := m.gateway("ingress", "cp-v131x")
	reconciler := m.reconciler(m.config)
	m.available(reconciler, gateway)
	for _, step := range []struct {
		replicas v1alpha1.Replicas
		want     int32
	}{
		{v1alpha1.Replicas{Count: new(int32(4))}, 4},
		{v1alpha1.Replicas{Min: new(int32(2)), Max: new(int32(8))}, 4},
		{v1alpha1.Replicas{Count: new(int32(3))}, 3},
		{v1alpha1.Replicas{Min: new(int32(1)), Max: new(int32(5))}, 3},
	} {
		before := m.deployment(gateway).Generation
		gateway.Spec.Deployment = &v1alpha1.WorkloadConfig{Replicas: &step.replicas}
		if err := m.client.Update(t.Context(), gateway); err != nil {
			t.Fatal(err)
		}
		m.settle(reconciler, gateway, v1alpha1.ConfigStateAvailable, "")
		deployment := m.deployment(gateway)
		if *deployment.Spec.Replicas != step.want {
			t.Errorf("with %+v there are %d pods; want %d", step.replicas, *deployment.Spec.Replicas, step.want)
		}
		if scaled := deployment.Generation - before; scaled > 1 {
			t.Errorf("with %+v the Deployment changed %d times", step.replicas, scaled)
		}
	}
}

// Deleting a gateway leaves no object, also when its control plane is gone.
func TestDeletionLeavesNothing(t *testing.T) {
	m := newMesh(t)
	icp := m.controlPlane("cp-v131x", metav1.ConditionTrue)
	before := m.objects()
	gateway := m.gateway("ingress", "cp-v131x")
	gateway.Spec.Deployment = &v1alpha1.WorkloadConfig{
		Replicas:            &v1alpha1.Replicas{Min: new(int32(1)), Max: new(int32(3))},
		PodDisruptionBudget: &v1alpha1.PodDisruptionBudget{MinAvailable: new(intstr.FromInt32(1))},
	}
	if err := m.client.Update(t.Context(), gateway); err != nil {
		t.Fatal(err)
	}
	reconciler := m.reconciler(m.config)
	m.available(reconciler, gateway)
	if err := m.client.Delete(t.Context(), icp); err != nil {
		t.Fatal(err)
	}
	delete(before, "IstioControlPlane cp-v131x")
	if err := m.client.Delete(t.Context(), gateway); err != nil {
		t.Fatal(err)
	}
	m.gone(reconciler.Reconcile, gateway)
	if diff := cmp.Diff(before, m.objects()); diff != "" {
		t.Errorf("objects (-before +after):\n%s", diff)
	}
}

// The API server accepts the documents' gateways, the one that sets every field, and their objects.
func TestEveryGatewayIsAccepted(t *testing.T) {
	m := newMesh(t)
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	reconciler := m.reconciler(m.config)
	for _, input := range gateways() {
		gateway := read(t, input)
		gateway.Namespace = m.namespace
		gateway.Spec.IstioControlPlane = metav1alpha1.NamespacedName{Name: "cp-v131x", Namespace: m.namespace}
		for i := range gateway.Spec.K8sResourceOverlays {
			gateway.Spec.K8sResourceOverlays[i].ObjectKey.Namespace = m.namespace
		}
		if len(gateway.Spec.Service.Ports) == 0 {
			continue // the defaults are for gateways that the product makes
		}
		if err := m.client.Create(t.Context(), gateway, client.FieldOwner("test")); err != nil {
			t.Errorf("%s: %v", input, err)
			continue
		}
		if _, err := reconciler.Reconcile(t.Context(), client.ObjectKeyFromObject(gateway)); err != nil {
			t.Errorf("%s: %v", input, err)
		}
		m.deployment(gateway)
		if err := m.client.Delete(t.Context(), gateway); err != nil {
			t.Fatal(err)
		}
		m.gone(reconciler.Reconcile, gateway)
	}
}

// Killed after any write and run again, a reconciler reaches the same objects.
func TestKilledAtAnyWrite(t *testing.T) {
	m := newMesh(t)
	m.controlPlane("cp-v131x", metav1.ConditionTrue)
	config, counter := counting(m.config, 0)
	gateway := m.gateway("ingress", "cp-v131x")
	reconciler := m.reconciler(config)
	m.available(reconciler, gateway)
	total, want := counter.writes.Load(), m.objects()
	m.remove(gateway)
	if total < 6 {
		t.Fatalf("only %d writes were counted", total)
	}
	for killAt := int64(1); killAt <= total; killAt++ {
		config, _ := counting(m.config, killAt)
		gateway := m.gateway("ingress", "cp-v131x")
		killed := m.reconciler(config)
		m.eventually("the process to be killed or to have nothing to do", func(ctx context.Context) (bool, error) {
			_, err := killed.Reconcile(ctx, client.ObjectKeyFromObject(gateway))
			interrupted := err != nil
			var service corev1.Service
			created := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), &service) == nil
			return interrupted || created, nil //nolint:nilerr // an error is how the killed process ends
		})
		m.available(m.reconciler(m.config), gateway)
		if diff := cmp.Diff(want, m.objects()); diff != "" {
			t.Fatalf("killed at write %d of %d, the objects differ:\n%s", killAt, total, diff)
		}
		m.remove(gateway)
	}
}

// remove deletes the gateway and waits until it is gone.
func (m *mesh) remove(gateway *v1alpha1.IstioMeshGateway) {
	m.t.Helper()
	if err := m.client.Delete(m.t.Context(), gateway); err != nil {
		m.t.Fatal(err)
	}
	m.gone(m.reconciler(m.config).Reconcile, gateway)
}

// gone reconciles until the gateway and its pods do not exist any more.
func (m *mesh) gone(reconcile func(context.Context, client.ObjectKey) (kube.Outcome, error), gateway *v1alpha1.IstioMeshGateway) {
	m.t.Helper()
	m.eventually("the gateway to go", func(ctx context.Context) (bool, error) {
		if _, err := reconcile(ctx, client.ObjectKeyFromObject(gateway)); err != nil {
			return false, err
		}
		err := m.client.Get(ctx, client.ObjectKeyFromObject(gateway), &v1alpha1.IstioMeshGateway{})
		var pods corev1.PodList
		if listErr := m.client.List(ctx, &pods, client.InNamespace(gateway.Namespace), client.MatchingLabels{"gateway-name": gateway.Name}); listErr != nil {
			return false, listErr
		}
		return apierrors.IsNotFound(err) && len(pods.Items) == 0, client.IgnoreNotFound(err)
	})
}

// objects lists what is in the test's namespace, by kind and name.
func (m *mesh) objects() map[string]bool {
	m.t.Helper()
	found := map[string]bool{}
	for _, kind := range []metav1.GroupVersionKind{
		{Version: "v1", Kind: "ServiceAccount"}, {Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "Secret"},
		{Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "apps", Version: "v1", Kind: "DaemonSet"},
		{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}, {Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
		{Group: "servicemesh.cisco.com", Version: "v1alpha1", Kind: "IstioMeshGateway"}, {Group: "servicemesh.cisco.com", Version: "v1alpha1", Kind: "IstioControlPlane"},
	} {
		list := &metav1.PartialObjectMetadataList{}
		list.APIVersion = metav1.GroupVersion{Group: kind.Group, Version: kind.Version}.String()
		list.Kind = kind.Kind + "List"
		if err := m.client.List(m.t.Context(), list, client.InNamespace(m.namespace)); err != nil {
			m.t.Fatal(err)
		}
		for _, item := range list.Items {
			found[kind.Kind+" "+item.Name] = true
		}
	}
	return found
}
