package loadbalancer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// balanced is a Service of type LoadBalancer; age is how many seconds it was created before the others.
func balanced(name string, age int, changes ...func(*corev1.Service)) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(epoch.Add(-time.Duration(age) * time.Second))},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}},
	}
	for _, change := range changes {
		change(service)
	}
	return service
}

func has(ip string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip}} }
}

func wants(ip string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.LoadBalancerIP = ip }
}

func class(name string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name }
}

func ofType(kind corev1.ServiceType) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Type = kind }
}

func TestAllocate(t *testing.T) {
	const exhausted = "the address pool 172.30.1.128/30 is exhausted" // .129 and .130 are usable
	type decision struct{ Address, Problem string }
	tests := map[string]struct {
		services []*corev1.Service
		held     map[types.UID]netip.Addr
		want     map[string]decision
	}{
		"the older is served first; who comes too late is told": {
			services: []*corev1.Service{balanced("a", 1), balanced("b", 3), balanced("c", 2)},
			want:     map[string]decision{"b": {"172.30.1.129", ""}, "c": {"172.30.1.130", ""}, "a": {"", exhausted}},
		},
		"an address in the status is kept, as after a restart": {
			services: []*corev1.Service{balanced("a", 2), balanced("b", 1, has("172.30.1.129"))},
			want:     map[string]decision{"a": {"172.30.1.130", ""}, "b": {"172.30.1.129", ""}},
		},
		"an address that was given but is not seen yet is kept": {
			services: []*corev1.Service{balanced("a", 2), balanced("b", 1)},
			held:     map[types.UID]netip.Addr{"b": netip.MustParseAddr("172.30.1.129")},
			want:     map[string]decision{"a": {"172.30.1.130", ""}, "b": {"172.30.1.129", ""}},
		},
		"an address that nobody holds any more is free again": {
			services: []*corev1.Service{balanced("a", 1)},
			held:     map[types.UID]netip.Addr{"gone": netip.MustParseAddr("172.30.1.129")},
			want:     map[string]decision{"a": {"172.30.1.129", ""}},
		},
		"an address from another pool is replaced": {
			services: []*corev1.Service{balanced("a", 1, has("172.30.2.129"))},
			want:     map[string]decision{"a": {"172.30.1.129", ""}},
		},
		"of two with the same address the older keeps it": {
			services: []*corev1.Service{balanced("a", 1, has("172.30.1.129")), balanced("b", 2, has("172.30.1.129"))},
			want:     map[string]decision{"b": {"172.30.1.129", ""}, "a": {"172.30.1.130", ""}},
		},
		"a wish is granted before others choose": {
			services: []*corev1.Service{balanced("a", 2), balanced("b", 1, wants("172.30.1.129"))},
			want:     map[string]decision{"a": {"172.30.1.130", ""}, "b": {"172.30.1.129", ""}},
		},
		"a new wish moves a service": {
			services: []*corev1.Service{balanced("a", 1, has("172.30.1.129"), wants("172.30.1.130"))},
			want:     map[string]decision{"a": {"172.30.1.130", ""}},
		},
		"a wish for what another has": {
			services: []*corev1.Service{balanced("a", 1, has("172.30.1.129")), balanced("b", 2, wants("172.30.1.129"))},
			want:     map[string]decision{"a": {"172.30.1.129", ""}, "b": {"", "spec.loadBalancerIP 172.30.1.129 is in use by another Service"}},
		},
		"a wish outside the pool, even for a service that had an address": {
			services: []*corev1.Service{balanced("a", 1, has("172.30.1.129"), wants("192.0.2.1"))},
			want:     map[string]decision{"a": {"", "spec.loadBalancerIP 192.0.2.1 is not in the address pool 172.30.1.128/30"}},
		},
		"other classes and types are left alone": {
			services: []*corev1.Service{balanced("a", 2, class("example.org/other"), has("172.30.1.129")), balanced("b", 1, ofType(corev1.ServiceTypeClusterIP), has("192.0.2.1"))},
			want:     map[string]decision{},
		},
		"a service that is no longer balanced gives its address back": {
			services: []*corev1.Service{balanced("a", 2, ofType(corev1.ServiceTypeClusterIP), has("172.30.1.129")), balanced("b", 1)},
			want:     map[string]decision{"a": {"", ""}, "b": {"172.30.1.129", ""}},
		},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			got := map[string]decision{}
			for _, allocation := range Allocate(netip.MustParsePrefix("172.30.1.128/30"), test.services, test.held) {
				address := ""
				if allocation.Address.IsValid() {
					address = allocation.Address.String()
				}
				got[allocation.Service.Name] = decision{address, allocation.Problem}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStatusTellsModeAndPorts(t *testing.T) {
	service := balanced("a", 1)
	service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: "quic", Port: 443, Protocol: corev1.ProtocolUDP})
	vip := corev1.LoadBalancerIPModeVIP
	want := corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: "172.30.1.129", IPMode: &vip,
		Ports: []corev1.PortStatus{{Port: 80, Protocol: corev1.ProtocolTCP}, {Port: 443, Protocol: corev1.ProtocolUDP}}}}}
	if diff := cmp.Diff(want, Status(service, netip.MustParseAddr("172.30.1.129"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(corev1.LoadBalancerStatus{}, Status(service, netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}
