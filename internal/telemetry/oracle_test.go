package telemetry_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
	"github.com/meshmanager/smm/internal/topology"
)

const (
	scrape = 5 * time.Second
	source = "source"
	answer = "destination"
)

// now is when the oracles look; their metrics began ten minutes before.
func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

type call = telemetrytest.Call

// counted is a counter that grows evenly.
type counted struct {
	call
	perSecond float64
}

// both is a call that both ends report, with mutual TLS.
func both(c call, perSecond float64) []counted {
	from, to := c, c
	from.Reporter, to.Reporter, to.Security = source, answer, "mutual_tls"
	return []counted{{from, perSecond}, {to, perSecond}}
}

func joined(parts ...[]counted) []counted {
	var all []counted
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

var webToCart = call{FromCluster: "c1", FromName: "web", ToCluster: "c1", ToName: "cart"}

func with(c call, change func(*call)) call {
	change(&c)
	return c
}

// line is an edge as the oracles write it.
func line(e topology.Edge) string {
	text := fmt.Sprintf("%s %s/%s → %s %s/%s", e.From.Kind, e.From.Cluster, e.From.Name, e.To.Kind, e.To.Cluster, e.To.Name)
	if e.Service != "" {
		text += " by " + e.Service
	}
	text += " " + e.Protocol
	for _, part := range []struct {
		name  string
		value float64
	}{
		{"requests", e.Requests}, {"4xx", e.ClientErrors}, {"5xx", e.ServerErrors}, {"unanswered", e.Unanswered},
		{"connections", e.Connections}, {"sent", e.Sent}, {"received", e.Received}, {"UO", e.Flags["UO"]},
	} {
		if part.value > 0 {
			text += fmt.Sprintf(" %s=%.4g", part.name, part.value)
		}
	}
	if e.MutualTLS != nil {
		text += fmt.Sprintf(" mtls=%.4g", *e.MutualTLS)
	}
	return text
}

// Metrics in, graph out: what is asked of a real engine for PromQL leads to the edges that are written here.
func TestOracles(t *testing.T) {
	for name, test := range map[string]struct {
		counters []counted
		want     []string
	}{
		"HTTP, both reporters": {both(webToCart, 10), []string{"workload c1/web → workload c1/cart by cart http requests=10 mtls=1"}},
		"gRPC with failures that have the HTTP status 200": {joined(
			both(with(webToCart, func(c *call) { c.Protocol, c.GRPCStatus = "grpc", "0" }), 8),
			both(with(webToCart, func(c *call) { c.Protocol, c.GRPCStatus = "grpc", "14" }), 1),
			both(with(webToCart, func(c *call) { c.Protocol, c.GRPCStatus = "grpc", "5" }), 1),
		), []string{"workload c1/web → workload c1/cart by cart grpc requests=10 4xx=1 5xx=1 mtls=1"}},
		"TCP": {joined(
			both(with(webToCart, func(c *call) { c.Protocol, c.Metric = "tcp", "istio_tcp_connections_opened_total" }), 2),
			both(with(webToCart, func(c *call) { c.Protocol, c.Metric = "tcp", "istio_tcp_sent_bytes_total" }), 300),
			both(with(webToCart, func(c *call) { c.Protocol, c.Metric = "tcp", "istio_tcp_received_bytes_total" }), 40),
		), []string{"workload c1/web → workload c1/cart by cart tcp connections=2 sent=300 received=40 mtls=1"}},
		"only the destination reports": {[]counted{{with(webToCart, func(c *call) { c.Reporter, c.Security = answer, "none" }), 3}},
			[]string{"workload c1/web → workload c1/cart by cart http requests=3 mtls=0"}},
		"through a gateway": {joined(
			[]counted{{call{Reporter: source, FromCluster: "c1", FromName: "istio-ingressgateway", ToCluster: "c1", ToName: "web"}, 5}},
			[]counted{{call{Reporter: answer, Security: "mutual_tls", FromCluster: "c1", FromName: "istio-ingressgateway", ToCluster: "c1", ToName: "web"}, 5}},
		), []string{"gateway c1/istio-ingressgateway → workload c1/web by web http requests=5 mtls=1"}},
		"service entry, passthrough and black hole": {[]counted{
			{call{Reporter: source, FromCluster: "c1", FromName: "web", Service: "api.example.com", Host: "api.example.com"}, 1},
			{call{Reporter: source, FromCluster: "c1", FromName: "web", Service: "PassthroughCluster", Host: "192.0.2.1"}, 2},
			{call{Reporter: source, FromCluster: "c1", FromName: "web", Service: "BlackHoleCluster", Host: "unknown"}, 3},
		}, []string{
			"workload c1/web → external /api.example.com by api.example.com http requests=1",
			"workload c1/web → blackhole c1/BlackHoleCluster http requests=3",
			"workload c1/web → passthrough c1/PassthroughCluster http requests=2",
		}},
		"a caller that nobody knows": {[]counted{{call{Reporter: answer, ToCluster: "c1", ToName: "cart", Security: "none"}, 4}},
			[]string{"unknown /unknown → workload c1/cart by cart http requests=4 mtls=0"}},
		"to another cluster": {joined(both(webToCart, 1), both(with(webToCart, func(c *call) { c.ToCluster = "c2" }), 2)), []string{
			"workload c1/web → workload c1/cart by cart http requests=1 mtls=1",
			"workload c1/web → workload c2/cart by cart http requests=2 mtls=1",
		}},
		"errors and an open circuit breaker": {joined(
			both(webToCart, 6), both(with(webToCart, func(c *call) { c.Code = "404" }), 2),
			[]counted{
				{with(webToCart, func(c *call) { c.Reporter, c.Code, c.Flags = source, "503", "UO" }), 1},
				{with(webToCart, func(c *call) { c.Reporter, c.Code, c.Flags = source, "0", "DC" }), 1},
			},
		), []string{"workload c1/web → workload c1/cart by cart http requests=10 4xx=2 5xx=1 unanswered=1 UO=1 mtls=1"}},
		"idle": {[]counted{{with(webToCart, func(c *call) { c.Reporter = source }), 0}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			prometheus := telemetrytest.Start(t)
			for _, c := range test.counters {
				prometheus.Calls(c.call, c.perSecond, now().Add(-10*time.Minute), now(), scrape)
			}
			graph := graphAt(t, now(), backend(t, "", prometheus))
			var got []string
			for _, e := range graph.Edges {
				got = append(got, line(e))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if asked := prometheus.Asked.Load(); asked > 8 {
				t.Errorf("%d questions", asked)
			}
		})
	}
}

func backend(t testing.TB, cluster string, prometheus *telemetrytest.Prometheus) *telemetry.Backend {
	t.Helper()
	b, err := telemetry.NewBackend(cluster, telemetry.Settings{URL: prometheus.URL}, scrape)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func graphAt(t testing.TB, at time.Time, backends ...*telemetry.Backend) topology.Graph {
	t.Helper()
	mesh := &telemetry.Mesh{Backends: backends}
	samples, problems := mesh.Traffic(t.Context(), at)
	latencies, slow := mesh.Latencies(t.Context(), at, telemetry.ByEdge, 0.5, 0.95, 0.99)
	if len(problems)+len(slow) > 0 {
		t.Fatal(problems, slow)
	}
	return topology.Build(samples, latencies, nil)
}

// Side by side, the backends of clusters count a request between clusters once, and name the clusters that proxies do not.
func TestABackendForEachCluster(t *testing.T) {
	first, second := telemetrytest.Start(t), telemetrytest.Start(t)
	remote := call{FromName: "web", ToCluster: "c2", ToName: "cart"}
	first.Calls(with(remote, func(c *call) { c.Reporter = source }), 10, now().Add(-time.Minute), now(), scrape)
	second.Calls(call{Reporter: answer, Security: "mutual_tls", FromCluster: "c1", FromName: "web", ToName: "cart"}, 10, now().Add(-time.Minute), now(), scrape)
	graph := graphAt(t, now(), backend(t, "c1", first), backend(t, "c2", second))
	if len(graph.Edges) != 1 || line(graph.Edges[0]) != "workload c1/web → workload c2/cart by cart http requests=10 mtls=1" {
		t.Errorf("%v", graph.Edges)
	}
}

// A new edge is there after the first scrape that has it, at any past time the one of that time is, and a counter of a
// target that was not asked before says nothing.
func TestTheTimeline(t *testing.T) {
	prometheus := telemetrytest.Start(t)
	change := now().Add(-5 * time.Minute)
	before := with(webToCart, func(c *call) { c.Reporter = source })
	after := with(before, func(c *call) { c.ToName = "stock" })
	prometheus.Calls(before, 4, now().Add(-10*time.Minute), change, scrape)
	for at := now().Add(-10 * time.Minute); !at.After(now()); at = at.Add(scrape) {
		prometheus.Append(`up{job="mesh", instance="web-source"}`, at, 1)
		if at.After(change) {
			prometheus.Append(after.Labels().String(), at, 4*at.Sub(change).Seconds())
		}
	}
	destinations := func(at time.Time) (names []string) {
		for _, e := range graphAt(t, at, backend(t, "", prometheus)).Edges {
			names = append(names, e.To.Name)
		}
		return names
	}
	for _, test := range []struct {
		at   time.Time
		want []string
	}{
		{change, []string{"cart"}}, {change.Add(scrape), []string{"cart", "stock"}}, {change.Add(time.Minute), []string{"stock"}}, {now(), []string{"stock"}},
	} {
		if diff := cmp.Diff(test.want, destinations(test.at)); diff != "" {
			t.Errorf("%s after the change: %s", test.at.Sub(change), diff)
		}
	}
	restarted := telemetrytest.Start(t)
	restarted.Append(before.Labels().String(), now(), 1e9)
	restarted.Append(`up{job="mesh", instance="web-source"}`, now(), 1)
	if edges := graphAt(t, now(), backend(t, "", restarted)).Edges; len(edges) > 0 {
		t.Errorf("after a restart of the backend: %v", edges)
	}
}

func TestLatencies(t *testing.T) {
	prometheus := telemetrytest.Start(t)
	reported := with(webToCart, func(c *call) { c.Reporter = source })
	from := now().Add(-time.Minute)
	prometheus.Calls(reported, 10, from, now(), scrape)
	prometheus.Durations(reported, 10, []float64{10, 20, 40}, 10, from, now(), scrape)
	broken := with(reported, func(c *call) { c.ToName, c.Metric = "stock", "istio_request_duration_milliseconds_bucket" })
	prometheus.Calls(broken, 1, from, now(), scrape) // a histogram without bounds
	broken.Metric = ""
	prometheus.Calls(broken, 1, from, now(), scrape)
	graph := graphAt(t, now(), backend(t, "", prometheus))
	if len(graph.Edges) != 2 {
		t.Fatalf("%v", graph.Edges)
	}
	cart, stock := graph.Edges[0], graph.Edges[1]
	if cart.P50 == nil || math.Abs(*cart.P50-0.015) > 1e-9 || cart.P95 == nil || math.Abs(*cart.P95-0.0195) > 1e-9 {
		t.Errorf("cart: %v %v", cart.P50, cart.P95)
	}
	if stock.P50 != nil || stock.Requests == 0 {
		t.Errorf("stock, whose histogram is broken: %v", stock.P50)
	}
}
