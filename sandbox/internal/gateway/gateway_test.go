package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/meshmanager/smm/sandbox/internal/gateway/bootstrap"
)

const (
	patience = 10 * time.Second

	typeCluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	typeEndpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeRoute    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

// running is a gateway that gets its configuration from a discovery server of the test's.
type running struct {
	t     *testing.T
	istio *discovery
	admin string
}

func start(t *testing.T) *running {
	t.Helper()
	istio := startDiscovery(t)
	r := &running{t: t, istio: istio, admin: freeAddress(t)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	b := bootstrap.Bootstrap{Node: &corev3.Node{Id: "router~10.0.0.1~gateway.istio-system~cluster.local"}, Admin: r.admin, XDS: istio.target}
	go func() { ended <- Run(ctx, b, 0, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the gateway ended with: %v", err)
		}
	})
	return r
}

// freeAddress is a local address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	return socket.Addr().String()
}

func (r *running) get(path string) string {
	r.t.Helper()
	status, body, err := fetch(r.t, "http://"+r.admin+path)
	if err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", status, body)
}

func (r *running) post(path string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.admin+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	response.Body.Close()
}

func fetch(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out: %s", what)
		}
	}
}

// awaitStat waits for a statistic as Istio's agent reads it.
func (r *running) awaitStat(line string) {
	r.t.Helper()
	eventually(r.t, line, func() bool {
		_, body, err := fetch(r.t, "http://"+r.admin+"/stats?usedonly&filter=.")
		return err == nil && strings.Contains("\n"+body, "\n"+line+"\n")
	})
}

func address(t *testing.T, hostPort string) *corev3.Address {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", hostPort)
	if err != nil {
		t.Fatal(err)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: tcp.IP.String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(tcp.Port)},
	}}}
}

func edsCluster(name string) *clusterv3.Cluster {
	return &clusterv3.Cluster{Name: name, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}}
}

// endpoints are endpoints of a cluster, each of a worse priority than the one before.
func endpoints(t *testing.T, cluster string, addresses ...string) *endpointv3.ClusterLoadAssignment {
	t.Helper()
	assignment := &endpointv3.ClusterLoadAssignment{ClusterName: cluster}
	for priority, hostPort := range addresses {
		assignment.Endpoints = append(assignment.Endpoints, &endpointv3.LocalityLbEndpoints{
			Priority: uint32(priority),
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
				Endpoint: &endpointv3.Endpoint{Address: address(t, hostPort)},
			}}},
		})
	}
	return assignment
}

func filter(t *testing.T, name string, config proto.Message) *listenerv3.Filter {
	t.Helper()
	packed, err := anypb.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &listenerv3.Filter{Name: name, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed}}
}

func tcpProxy(t *testing.T, cluster string) *listenerv3.Filter {
	t.Helper()
	return filter(t, "envoy.filters.network.tcp_proxy", &tcpproxyv3.TcpProxy{
		StatPrefix: cluster, ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: cluster},
	})
}

// passthrough is a listener as istiod makes it of a Gateway of mode AUTO_PASSTHROUGH.
func passthrough(t *testing.T, hostPort string, clusters ...string) *listenerv3.Listener {
	t.Helper()
	l := &listenerv3.Listener{
		Name: "0.0.0.0_15443", Address: address(t, hostPort),
		ListenerFilters: []*listenerv3.ListenerFilter{{Name: "envoy.filters.listener.tls_inspector"}},
	}
	for _, cluster := range clusters {
		l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{
			FilterChainMatch: &listenerv3.FilterChainMatch{
				ServerNames: []string{cluster}, ApplicationProtocols: []string{"istio", "istio-peer-exchange", "istio-h2"},
			},
			Filters: []*listenerv3.Filter{tcpProxy(t, cluster)},
		})
	}
	return l
}

// dial makes a TLS connection through a gateway and returns what the server at its end says.
func dial(t *testing.T, gateway, serverName string, protocols ...string) (string, error) {
	t.Helper()
	// Who answers does not matter here.
	dialer := tls.Dialer{Config: &tls.Config{ServerName: serverName, NextProtos: protocols, InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(t.Context(), "tcp", gateway)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	text, err := io.ReadAll(connection)
	return string(text), err
}

func TestTLSPassesByServerName(t *testing.T) {
	const movies, bookings = "outbound_.8082_._.movies.smm-demo.svc.cluster.local", "outbound_.8082_._.bookings.smm-demo.svc.cluster.local"
	gateway, mesh := freeAddress(t), start(t)
	mesh.istio.set(typeCluster, edsCluster(movies), edsCluster(bookings))
	mesh.istio.set(typeEndpoint, endpoints(t, movies, serveTLS(t, "movies")), endpoints(t, bookings, serveTLS(t, "bookings")))
	mesh.istio.set(typeListener, passthrough(t, gateway, movies, bookings))
	mesh.awaitStat("listener_manager.lds.update_success: 1")
	eventually(t, "the endpoints are known", func() bool { return mesh.istio.acknowledged(typeEndpoint) })

	for name, test := range map[string]struct {
		serverName, protocol, want string
	}{
		"a proxy":                      {movies, "istio", "movies"},
		"proxyless gRPC":               {bookings, "h2", "bookings"},
		"TLS from outside of the mesh": {movies, "http/1.1", ""},
		"an unknown service":           {"outbound_.80_._.other.default.svc.cluster.local", "istio", ""},
	} {
		got, err := dial(t, gateway, test.serverName, test.protocol)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s was answered with %q, error %v; want %q", name, got, err, test.want)
		}
	}
	metrics := mesh.get("/stats/prometheus")
	listener := strings.ReplaceAll(gateway, ":", "_")
	for _, want := range []string{
		fmt.Sprintf("envoy_cluster_upstream_cx_total{cluster_name=%q} 1\n", movies),
		fmt.Sprintf("envoy_cluster_upstream_cx_total{cluster_name=%q} 1\n", bookings),
		fmt.Sprintf("envoy_listener_downstream_cx_total{listener_address=%q} 4\n", listener),
		fmt.Sprintf("envoy_listener_no_filter_chain_match{listener_address=%q} 2\n", listener),
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics:\n%s", want, metrics)
		}
	}
}

func TestTheNextPriorityFollowsOneThatDoesNotAnswer(t *testing.T) {
	gateway, mesh := freeAddress(t), start(t)
	near, far := serveTLS(t, "near"), serveTLS(t, "far")
	mesh.istio.set(typeCluster, edsCluster("a"))
	mesh.istio.set(typeEndpoint, endpoints(t, "a", near, far))
	mesh.istio.set(typeListener, passthrough(t, gateway, "a"))
	answer := func() string {
		text, _ := dial(t, gateway, "a", "istio") // refused until the listener is there
		return text
	}
	eventually(t, "the near one answers", func() bool { return answer() == "near" })
	mesh.istio.set(typeEndpoint, endpoints(t, "a", freeAddress(t), far))
	eventually(t, "the far one answers", func() bool { return answer() == "far" })
}

func TestHTTPIsRouted(t *testing.T) {
	gateway, mesh := freeAddress(t), start(t)
	mesh.istio.set(typeCluster, edsCluster("v1"), edsCluster("v2"), edsCluster("gone"))
	mesh.istio.set(typeEndpoint, endpoints(t, "v1", serveHTTP(t, "v1")), endpoints(t, "v2", serveHTTP(t, "v2")))
	to := func(cluster string) *routev3.Route_Route {
		return &routev3.Route_Route{Route: &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster}}}
	}
	prefix := func(path string) *routev3.RouteMatch {
		return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: path}}
	}
	mesh.istio.set(typeRoute, &routev3.RouteConfiguration{Name: "http.8080", VirtualHosts: []*routev3.VirtualHost{{
		Name: "all", Domains: []string{"*"},
		Routes: []*routev3.Route{
			{Match: prefix("/v2"), Action: to("v2")},
			{Match: prefix("/gone"), Action: to("gone")},
			{Match: prefix("/v1"), Action: to("v1")},
		},
	}}})
	mesh.istio.set(typeListener, &listenerv3.Listener{
		Name: "http", Address: address(t, gateway),
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{
			filter(t, "envoy.filters.network.http_connection_manager", &hcmv3.HttpConnectionManager{
				RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{RouteConfigName: "http.8080"}},
			}),
		}}},
	})
	for path, want := range map[string]string{
		"/v1/a?b=c": "200 v1 /v1/a?b=c 127.0.0.1",
		"/v2":       "200 v2 /v2 127.0.0.1",
		"/gone":     "503 cluster gone: no healthy upstream\n",
		"/other":    "404 ",
	} {
		got := ""
		eventually(t, fmt.Sprintf("%s is answered with %q", path, want), func() bool {
			status, body, _ := fetch(t, "http://"+gateway+path) // refused until the listener is there
			got = fmt.Sprintf("%d %s", status, body)
			return got == want
		})
	}
}

func TestReadinessFollowsTheConfiguration(t *testing.T) {
	mesh := start(t)
	mesh.awaitStat("server.state: 3")
	if got := mesh.get("/ready"); !strings.HasPrefix(got, "503") {
		t.Errorf("before any configuration /ready says %q", got)
	}
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	gateway := freeAddress(t)
	mesh.istio.set(typeCluster)
	mesh.istio.set(typeListener, passthrough(t, taken.Addr().String()))
	mesh.awaitStat("listener_manager.lds.update_rejected: 1")
	eventually(t, "istiod is told why", func() bool {
		return strings.Contains(mesh.istio.refused(typeListener), "address already in use")
	})
	mesh.istio.set(typeListener, passthrough(t, gateway))
	mesh.awaitStat("server.state: 0")
	for _, stat := range []string{"listener_manager.workers_started: 1", "cluster_manager.cds.update_success: 1", "listener_manager.lds.update_success: 1"} {
		mesh.awaitStat(stat)
	}
	if got := mesh.get("/ready"); got != "200 LIVE\n" {
		t.Errorf("with its configuration /ready says %q", got)
	}
	mesh.post("/drain_listeners?graceful")
	mesh.awaitStat("server.state: 1")
	eventually(t, "no new connections", func() bool {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", gateway)
		if err == nil {
			connection.Close()
		}
		return err != nil
	})
}
