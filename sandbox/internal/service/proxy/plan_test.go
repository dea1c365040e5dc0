package proxy

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func name(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}

func service(name string, spec corev1.ServiceSpec) *corev1.Service {
	if spec.ClusterIP != "" && spec.ClusterIPs == nil {
		spec.ClusterIPs = []string{spec.ClusterIP}
	}
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: spec}
}

func slice(service string, ports []discoveryv1.EndpointPort, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: service + "-1", Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		Ports:      ports,
		Endpoints:  endpoints,
	}
}

func port(name string, number int32, protocol corev1.Protocol) discoveryv1.EndpointPort {
	return discoveryv1.EndpointPort{Name: &name, Port: &number, Protocol: &protocol}
}

func ready(addresses ...string) discoveryv1.Endpoint {
	yes := true
	return discoveryv1.Endpoint{Addresses: addresses, Conditions: discoveryv1.EndpointConditions{Ready: &yes}}
}

func TestPlanBindsEveryAddressOfEveryPortThatHasEndpoints(t *testing.T) {
	httpTCP := []discoveryv1.EndpointPort{port("http", 8080, corev1.ProtocolTCP)}
	vip, behindProxy := corev1.LoadBalancerIPModeVIP, corev1.LoadBalancerIPModeProxy
	seconds := int32(60)
	tests := map[string]struct {
		services []*corev1.Service
		slices   []*discoveryv1.EndpointSlice
		want     []Frontend
	}{
		"cluster IP": {
			services: []*corev1.Service{service("web", corev1.ServiceSpec{ClusterIP: "10.96.0.7", Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}})},
			slices:   []*discoveryv1.EndpointSlice{slice("web", httpTCP, ready("10.201.0.5"))},
			want:     []Frontend{{Service: name("shop", "web"), Port: "http", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.7:80")}, Endpoints: []netip.AddrPort{at("10.201.0.5:8080")}}},
		},
		"the same port number over TCP and UDP": {
			services: []*corev1.Service{service("dns", corev1.ServiceSpec{ClusterIP: "10.96.0.7", Ports: []corev1.ServicePort{{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}, {Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP}}})},
			slices:   []*discoveryv1.EndpointSlice{slice("dns", []discoveryv1.EndpointPort{port("dns", 5353, corev1.ProtocolUDP), port("dns-tcp", 5353, corev1.ProtocolTCP)}, ready("10.201.0.5"))},
			want: []Frontend{
				{Service: name("shop", "dns"), Port: "dns-tcp", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.7:53")}, Endpoints: []netip.AddrPort{at("10.201.0.5:5353")}},
				{Service: name("shop", "dns"), Port: "dns", Network: "udp", Addresses: []netip.AddrPort{at("10.96.0.7:53")}, Endpoints: []netip.AddrPort{at("10.201.0.5:5353")}},
			},
		},
		"load-balancer address and node port; an address behind a proxy is not ours": {
			services: []*corev1.Service{func() *corev1.Service {
				s := service("web", corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.96.0.7", Ports: []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080, Protocol: corev1.ProtocolTCP}}})
				s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "172.30.1.129", IPMode: &vip}, {IP: "172.30.1.130", IPMode: &behindProxy}, {Hostname: "lb.example.org"}}
				return s
			}()},
			slices: []*discoveryv1.EndpointSlice{slice("web", httpTCP, ready("10.201.0.5"))},
			want:   []Frontend{{Service: name("shop", "web"), Port: "http", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.7:80"), at("172.30.1.129:80"), at("10.201.0.1:30080")}, Endpoints: []netip.AddrPort{at("10.201.0.5:8080")}}},
		},
		"client affinity": {
			services: []*corev1.Service{service("web", corev1.ServiceSpec{ClusterIP: "10.96.0.7", SessionAffinity: corev1.ServiceAffinityClientIP,
				SessionAffinityConfig: &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}},
				Ports:                 []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}})},
			slices: []*discoveryv1.EndpointSlice{slice("web", httpTCP, ready("10.201.0.5"))},
			want:   []Frontend{{Service: name("shop", "web"), Port: "http", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.7:80")}, Endpoints: []netip.AddrPort{at("10.201.0.5:8080")}, Affinity: time.Minute}},
		},
		"the API server has one endpoint, whatever is recorded": {
			services: []*corev1.Service{{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kubernetes"}, Spec: corev1.ServiceSpec{ClusterIP: "10.96.0.1", ClusterIPs: []string{"10.96.0.1"}, Ports: []corev1.ServicePort{{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP}}}}},
			want:     []Frontend{{Service: name("default", "kubernetes"), Port: "https", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.1:443")}, Endpoints: []netip.AddrPort{at("127.0.0.1:6443")}}},
		},
		"no endpoints, no frontend": {
			services: []*corev1.Service{service("web", corev1.ServiceSpec{ClusterIP: "10.96.0.7", Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}})},
			slices:   []*discoveryv1.EndpointSlice{slice("web", []discoveryv1.EndpointPort{port("other", 8080, corev1.ProtocolTCP)}, ready("10.201.0.5"))},
		},
		"headless, external name and SCTP are not forwarded": {
			services: []*corev1.Service{
				service("headless", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}}),
				service("external", corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.org"}),
				service("sctp", corev1.ServiceSpec{ClusterIP: "10.96.0.8", Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolSCTP}}}),
			},
			slices: []*discoveryv1.EndpointSlice{slice("headless", httpTCP, ready("10.201.0.5")), slice("sctp", []discoveryv1.EndpointPort{port("http", 80, corev1.ProtocolSCTP)}, ready("10.201.0.5"))},
		},
		"external IPs are ignored": {
			services: []*corev1.Service{service("web", corev1.ServiceSpec{ClusterIP: "10.96.0.7", ExternalIPs: []string{"192.0.2.1"}, Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}})},
			slices:   []*discoveryv1.EndpointSlice{slice("web", httpTCP, ready("10.201.0.5"))},
			want:     []Frontend{{Service: name("shop", "web"), Port: "http", Network: "tcp", Addresses: []netip.AddrPort{at("10.96.0.7:80")}, Endpoints: []netip.AddrPort{at("10.201.0.5:8080")}}},
		},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			got := Plan(test.services, test.slices, Options{APIServer: at("127.0.0.1:6443"), NodeIP: netip.MustParseAddr("10.201.0.1")})
			if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEndpointsAreThoseThatTakeConnections(t *testing.T) {
	yes, no := true, false
	condition := func(ip string, ready, serving, terminating *bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: discoveryv1.EndpointConditions{Ready: ready, Serving: serving, Terminating: terminating}}
	}
	httpTCP := []discoveryv1.EndpointPort{port("http", 8080, corev1.ProtocolTCP)}
	tests := map[string]struct {
		slices []*discoveryv1.EndpointSlice
		want   []netip.AddrPort
	}{
		"ready or unknown, not unready": {
			slices: []*discoveryv1.EndpointSlice{slice("web", httpTCP, condition("10.201.0.7", &yes, &yes, &no), condition("10.201.0.6", nil, nil, nil), condition("10.201.0.5", &no, &no, &no))},
			want:   []netip.AddrPort{at("10.201.0.6:8080"), at("10.201.0.7:8080")},
		},
		"a terminating endpoint only while nothing is ready": {
			slices: []*discoveryv1.EndpointSlice{slice("web", httpTCP, condition("10.201.0.5", &no, &yes, &yes), condition("10.201.0.6", &no, &no, &yes))},
			want:   []netip.AddrPort{at("10.201.0.5:8080")},
		},
		"a terminating endpoint beside a ready one": {
			slices: []*discoveryv1.EndpointSlice{slice("web", httpTCP, condition("10.201.0.5", &no, &yes, &yes), condition("10.201.0.6", &yes, &yes, &no))},
			want:   []netip.AddrPort{at("10.201.0.6:8080")},
		},
		"slices with different target ports, and one endpoint in two slices": {
			slices: []*discoveryv1.EndpointSlice{
				slice("web", httpTCP, ready("10.201.0.5")), slice("web", httpTCP, ready("10.201.0.5")),
				slice("web", []discoveryv1.EndpointPort{port("http", 9090, corev1.ProtocolTCP)}, ready("10.201.0.6")),
			},
			want: []netip.AddrPort{at("10.201.0.5:8080"), at("10.201.0.6:9090")},
		},
		"the name alone does not make the port": {
			slices: []*discoveryv1.EndpointSlice{slice("web", []discoveryv1.EndpointPort{port("http", 8080, corev1.ProtocolUDP)}, ready("10.201.0.5"))},
		},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			got := Endpoints(test.slices, "http", corev1.ProtocolTCP)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
