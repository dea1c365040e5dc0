package meshgateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

func service(kind corev1.ServiceType, clusterIP string, ingress ...corev1.LoadBalancerIngress) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "ingress"},
		Spec:       corev1.ServiceSpec{Type: kind, ClusterIP: clusterIP, ClusterIPs: []string{clusterIP}},
		Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: ingress}},
	}
}

func TestAddressesOf(t *testing.T) {
	outside := service(corev1.ServiceTypeNodePort, "10.96.0.9")
	outside.Spec.ExternalIPs = []string{"192.0.2.9"}
	for name, test := range map[string]struct {
		service *corev1.Service
		want    []string
	}{
		"no Service":              {},
		"a load balancer to come": {service: service(corev1.ServiceTypeLoadBalancer, "10.96.0.9")},
		"addresses and names in any order": {
			service: service(corev1.ServiceTypeLoadBalancer, "10.96.0.9",
				corev1.LoadBalancerIngress{Hostname: "lb.example.org"}, corev1.LoadBalancerIngress{IP: "192.0.2.2"}, corev1.LoadBalancerIngress{IP: "192.0.2.1"}),
			want: []string{"192.0.2.1", "192.0.2.2", "lb.example.org"},
		},
		"within the cluster": {service: service(corev1.ServiceTypeClusterIP, "10.96.0.9"), want: []string{"10.96.0.9"}},
		"headless":           {service: service(corev1.ServiceTypeClusterIP, corev1.ClusterIPNone)},
		"external addresses": {service: outside, want: []string{"192.0.2.9"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, addressesOf(test.service)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A gateway is available when its pods are and, with a load balancer, when it has an address.
func TestDescribe(t *testing.T) {
	rolled := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "ingress", Generation: 2},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1},
	}
	rolling := rolled.DeepCopy()
	rolling.Status.UpdatedReplicas = 0
	for name, test := range map[string]struct {
		seen    workload
		state   v1alpha1.ConfigState
		waiting string
	}{
		"nothing there": {state: v1alpha1.ConfigStateReconciling, waiting: "the gateway is not created yet"},
		"rolling":       {seen: workload{rolling, service(corev1.ServiceTypeClusterIP, "10.96.0.9")}, state: v1alpha1.ConfigStateReconciling, waiting: "Deployment shop/ingress has 0 of 1 updated replicas"},
		"no address":    {seen: workload{rolled, service(corev1.ServiceTypeLoadBalancer, "10.96.0.9")}, state: v1alpha1.ConfigStateReconciling, waiting: "Service shop/ingress has no address of a load balancer yet"},
		"with address":  {seen: workload{rolled, service(corev1.ServiceTypeLoadBalancer, "10.96.0.9", corev1.LoadBalancerIngress{IP: "192.0.2.1"})}, state: v1alpha1.ConfigStateAvailable},
		"cluster IP":    {seen: workload{rolled, service(corev1.ServiceTypeClusterIP, "10.96.0.9")}, state: v1alpha1.ConfigStateAvailable},
	} {
		t.Run(name, func(t *testing.T) {
			gateway := &v1alpha1.IstioMeshGateway{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
			gateway.Status.ErrorMessage = "an earlier error"
			if waiting := describe(gateway, test.seen); waiting != test.waiting {
				t.Errorf("waiting for %q; want %q", waiting, test.waiting)
			}
			status := gateway.Status
			if status.Status != test.state || status.ErrorMessage != "" || status.ObservedGeneration != 3 {
				t.Errorf("status %+v; want %s", status, test.state)
			}
			if ready := status.Conditions[0]; (ready.Status == metav1.ConditionTrue) != (test.waiting == "") || ready.ObservedGeneration != 3 {
				t.Errorf("condition %+v", ready)
			}
		})
	}
}
