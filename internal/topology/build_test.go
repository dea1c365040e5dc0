package topology

import (
	"math"
	"testing"
)

func peer(workload string) Peer {
	return Peer{Cluster: "c1", Namespace: "shop", Workload: workload, App: workload}
}

func call(reporter Reporter, from, to string, rate float64) Sample {
	c := Call{Reporter: reporter, From: peer(from), To: peer(to), Host: to + ".shop.svc.cluster.local", Service: to,
		ServiceNamespace: "shop", Protocol: "http"}
	s := Sample{Call: c, Code: "200", Flags: "-", Principal: "spiffe://td/ns/shop/sa/" + from, Requests: rate}
	if reporter == Destination {
		s.Security = "mutual_tls"
	}
	return s
}

func only(t *testing.T, g Graph) Edge {
	t.Helper()
	if len(g.Edges) != 1 {
		t.Fatalf("%d edges, want 1: %+v", len(g.Edges), g.Edges)
	}
	return g.Edges[0]
}

func TestARequestThatBothEndsReportCountsOnce(t *testing.T) {
	edge := only(t, Build([]Sample{call(Source, "web", "cart", 10), call(Destination, "web", "cart", 9)}, nil, nil))
	if edge.Requests != 10 || edge.Reporter != Source {
		t.Errorf("%v requests of %s, want the source's 10", edge.Requests, edge.Reporter)
	}
	if edge.MutualTLS == nil || *edge.MutualTLS != 1 {
		t.Errorf("mutual TLS %v, want 1", edge.MutualTLS)
	}
}

func TestACallerOutsideTheMeshIsUnknown(t *testing.T) {
	s := call(Destination, "unknown", "cart", 3)
	s.Security, s.Principal = "none", "unknown"
	edge := only(t, Build([]Sample{s}, nil, nil))
	if edge.From.Kind != KindUnknown || edge.Requests != 3 || *edge.MutualTLS != 0 {
		t.Errorf("%+v", edge)
	}
}

func TestAProvenCallerThatReportsItselfIsNotCountedAgain(t *testing.T) {
	anonymous := call(Destination, "unknown", "cart", 10)
	anonymous.Principal = "spiffe://td/ns/shop/sa/web"
	edge := only(t, Build([]Sample{anonymous, call(Source, "web", "cart", 10)}, nil, nil))
	if edge.From.Name != "web" {
		t.Errorf("called by %s", edge.From.Name)
	}
}

func TestWhatIsNoWorkloadIsNamedForWhatItIs(t *testing.T) {
	for service, test := range map[string]struct {
		host string
		want Kind
	}{
		"PassthroughCluster": {"192.0.2.1", KindPassthrough},
		"BlackHoleCluster":   {"unknown", KindBlackHole},
		"api.example.com":    {"api.example.com", KindExternal},
		"cart":               {"cart.shop.svc.cluster.local", KindService},
		"unknown":            {"unknown", KindUnknown},
	} {
		s := call(Source, "web", "unknown", 1)
		s.Service, s.Host = service, test.host
		if got := only(t, Build([]Sample{s}, nil, nil)).To.Kind; got != test.want {
			t.Errorf("%s is %s, want %s", service, got, test.want)
		}
	}
}

func TestErrorsCountByClass(t *testing.T) {
	var samples []Sample
	for i, code := range []string{"200", "404", "503", "0"} {
		s := call(Source, "web", "cart", float64(i+1))
		s.Code = code
		samples = append(samples, s)
	}
	samples[2].Flags = "UO"
	edge := only(t, Build(samples, nil, nil))
	if edge.ClientErrors != 2 || edge.ServerErrors != 3 || edge.Unanswered != 4 || edge.Flags["UO"] != 3 || edge.ErrorRate() != 0.3 {
		t.Errorf("%+v", edge.Traffic)
	}
	failed := call(Source, "web", "cart", 5)
	failed.Protocol, failed.GRPCStatus = "grpc", "14"
	if edge := only(t, Build([]Sample{failed}, nil, nil)); edge.ServerErrors != 5 {
		t.Errorf("a failed gRPC call: %+v", edge.Traffic)
	}
}

func TestIdleWorkloadsComeFromTheInventory(t *testing.T) {
	g := Build([]Sample{call(Source, "web", "cart", 1)}, nil, []Workload{
		{Cluster: "c1", Namespace: "shop", Name: "web"}, {Cluster: "c1", Namespace: "shop", Name: "sleepy"},
		{Cluster: "c1", Namespace: "shop", Name: "edge", Gateway: true},
	})
	idle := map[string]bool{}
	for _, node := range g.Nodes {
		idle[node.Name] = node.Idle
	}
	if len(idle) != 4 || idle["web"] || idle["cart"] || !idle["sleepy"] || !idle["edge"] {
		t.Errorf("idle: %v", idle)
	}
}

func TestClustersKeepTheirWorkloadsApart(t *testing.T) {
	remote := call(Source, "web", "cart", 1)
	remote.To.Cluster = "c2"
	if g := Build([]Sample{remote, call(Source, "web", "cart", 2)}, nil, nil); len(g.Edges) != 2 {
		t.Errorf("%d edges, want one to each cluster", len(g.Edges))
	}
}

func TestACallerThatCannotNameTheWorkloadIsNotCountedAgain(t *testing.T) {
	nameless := call(Source, "web", "unknown", 10)
	nameless.Service, nameless.Host = "cart", "cart.shop.svc.cluster.local"
	edge := only(t, Build([]Sample{nameless, call(Destination, "web", "cart", 10)}, nil, nil))
	if edge.To.Name != "cart" || edge.To.Kind != KindWorkload {
		t.Errorf("leads to %+v", edge.To)
	}
}

func TestLatenciesAreThoseOfTheEndThatIsCounted(t *testing.T) {
	source, destination := call(Source, "web", "cart", 1), call(Destination, "web", "cart", 1)
	latencies := []Latency{
		{source.Call, 0.5, 0.1}, {source.Call, 0.95, 0.3}, {destination.Call, 0.95, 0.2}, {destination.Call, 0.99, 0.4},
		{source.Call, 0.5, math.NaN()}, {call(Source, "web", "idle", 1).Call, 0.5, 1},
	}
	edge := only(t, Build([]Sample{source, destination}, latencies, nil))
	if edge.P50 == nil || *edge.P50 != 0.1 || edge.P95 == nil || *edge.P95 != 0.3 || edge.P99 != nil {
		t.Errorf("%v %v %v", edge.P50, edge.P95, edge.P99)
	}
}

func TestTotalsAddUpWhatArrives(t *testing.T) {
	g := Build([]Sample{call(Source, "web", "cart", 1), call(Source, "admin", "cart", 2), call(Source, "cart", "stock", 4)}, nil, nil)
	totals := g.Totals()
	cart := NodeID{KindWorkload, "c1", "shop", "cart"}
	if in, out := totals.In[cart], totals.Out[cart]; in.Requests != 3 || out.Requests != 4 {
		t.Errorf("cart: %v in, %v out", in.Requests, out.Requests)
	}
	if service := totals.Service[Name{"c1", "shop", "cart"}]; service.Requests != 3 {
		t.Errorf("the service: %v", service.Requests)
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("source", "web", "cart", "cart.shop.svc.cluster.local", "200", "0", "-", 1.0)
	f.Add("destination", "unknown", "", "", "", "unknown", "UF,URX", math.NaN())
	f.Fuzz(func(t *testing.T, reporter, from, to, host, code, status, flags string, rate float64) {
		s := call(Reporter(reporter), from, to, rate)
		s.Host, s.Code, s.GRPCStatus, s.Flags = host, code, status, flags
		g := Build([]Sample{s}, nil, nil)
		for _, edge := range g.Edges {
			if !(edge.Requests > 0) || math.IsInf(edge.Requests, 0) {
				t.Errorf("%v requests a second", edge.Requests)
			}
		}
		if len(g.Edges) == 0 && len(g.Nodes) > 0 {
			t.Error("nodes without traffic that no inventory has")
		}
	})
}
