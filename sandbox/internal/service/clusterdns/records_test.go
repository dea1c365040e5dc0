package clusterdns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var serverAddress = netip.MustParseAddr("10.96.0.10")

func object(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }

func tcpPort(name string, number int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, Protocol: corev1.ProtocolTCP}
}

func clusterIP(name, ip string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{ObjectMeta: object(name), Spec: corev1.ServiceSpec{ClusterIP: ip, ClusterIPs: []string{ip}, Ports: ports}}
}

func headless(name string, ports ...corev1.ServicePort) *corev1.Service {
	return clusterIP(name, corev1.ClusterIPNone, ports...)
}

func external(name, target string) *corev1.Service {
	return &corev1.Service{ObjectMeta: object(name), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: target}}
}

func endpoints(service, portName string, port int32, all ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	tcp := corev1.ProtocolTCP
	meta := object(service + "-1")
	meta.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	return &discoveryv1.EndpointSlice{ObjectMeta: meta, Endpoints: all,
		Ports: []discoveryv1.EndpointPort{{Name: &portName, Port: &port, Protocol: &tcp}}}
}

func endpoint(ip, hostname string, ready bool) discoveryv1.Endpoint {
	e := discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}
	if hostname != "" {
		e.Hostname = &hostname
	}
	return e
}

func pod(name, ip string, phase corev1.PodPhase, hostNetwork bool) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: object(name), Spec: corev1.PodSpec{HostNetwork: hostNetwork}, Status: corev1.PodStatus{PodIP: ip, Phase: phase}}
}

func TestRecordsFollowTheSpecification(t *testing.T) {
	tests := map[string]struct {
		services []*corev1.Service
		slices   []*discoveryv1.EndpointSlice
		pods     []*corev1.Pod
		want     []string // beside those of the zone itself; class and time to live left out
	}{
		"the zone itself": {},
		"a service with a cluster IP: unnamed ports have no SRV": {
			services: []*corev1.Service{clusterIP("web", "10.96.0.7", tcpPort("http", 80), tcpPort("", 81))},
			want: []string{
				"7.0.96.10.in-addr.arpa. PTR web.shop.svc.cluster.local.",
				"_http._tcp.web.shop.svc.cluster.local. SRV 0 100 80 web.shop.svc.cluster.local.",
				"web.shop.svc.cluster.local. A 10.96.0.7",
			},
		},
		"a service whose address is not assigned yet": {
			services: []*corev1.Service{clusterIP("web", "", tcpPort("http", 80))},
		},
		"a headless service: ready endpoints, each by its host name or its address": {
			services: []*corev1.Service{headless("db", tcpPort("sql", 5432))},
			slices: []*discoveryv1.EndpointSlice{endpoints("db", "sql", 15432,
				endpoint("10.201.0.5", "db-0", true), endpoint("10.201.0.6", "", true), endpoint("10.201.0.7", "db-2", false))},
			pods: []*corev1.Pod{pod("db-0", "10.201.0.5", corev1.PodRunning, false)},
			want: []string{
				"10-201-0-5.shop.pod.cluster.local. A 10.201.0.5",
				"10-201-0-6.db.shop.svc.cluster.local. A 10.201.0.6",
				"5.0.201.10.in-addr.arpa. PTR db-0.db.shop.svc.cluster.local.",
				"6.0.201.10.in-addr.arpa. PTR 10-201-0-6.db.shop.svc.cluster.local.",
				"_sql._tcp.db.shop.svc.cluster.local. SRV 0 100 15432 10-201-0-6.db.shop.svc.cluster.local.",
				"_sql._tcp.db.shop.svc.cluster.local. SRV 0 100 15432 db-0.db.shop.svc.cluster.local.",
				"db-0.db.shop.svc.cluster.local. A 10.201.0.5",
				"db.shop.svc.cluster.local. A 10.201.0.5",
				"db.shop.svc.cluster.local. A 10.201.0.6",
			},
		},
		"one endpoint in two slices is one record": {
			services: []*corev1.Service{headless("db")},
			slices:   []*discoveryv1.EndpointSlice{endpoints("db", "", 1, endpoint("10.201.0.5", "x", true)), endpoints("db", "", 2, endpoint("10.201.0.5", "x", true))},
			want: []string{
				"5.0.201.10.in-addr.arpa. PTR x.db.shop.svc.cluster.local.",
				"db.shop.svc.cluster.local. A 10.201.0.5",
				"x.db.shop.svc.cluster.local. A 10.201.0.5",
			},
		},
		"a headless service without ready endpoints has no name": {
			services: []*corev1.Service{headless("db", tcpPort("sql", 5432))},
			slices:   []*discoveryv1.EndpointSlice{endpoints("db", "sql", 15432, endpoint("10.201.0.5", "", false))},
		},
		"an external name": {
			services: []*corev1.Service{external("search", "www.example.org")},
			want:     []string{"search.shop.svc.cluster.local. CNAME www.example.org."},
		},
		"pods: not those that have ended, have no address or use the node's": {
			pods: []*corev1.Pod{
				pod("a", "10.201.0.5", corev1.PodRunning, false), pod("b", "10.201.0.6", corev1.PodSucceeded, false),
				pod("c", "10.201.0.1", corev1.PodRunning, true), pod("d", "", corev1.PodPending, false),
			},
			want: []string{
				"10-201-0-5.shop.pod.cluster.local. A 10.201.0.5",
				"5.0.201.10.in-addr.arpa. PTR 10-201-0-5.shop.pod.cluster.local.",
			},
		},
	}
	zone := []string{
		"cluster.local. NS ns.dns.cluster.local.",
		`dns-version.cluster.local. TXT "1.1.0"`,
		"ns.dns.cluster.local. A 10.96.0.10",
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			var got []string
			for _, record := range Records(serverAddress, test.services, test.slices, test.pods) {
				fields := strings.Fields(record.String())
				got = append(got, strings.Join(slices.Concat(fields[:1], fields[3:]), " "))
			}
			slices.Sort(got)
			want := slices.Concat(zone, test.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
