package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/topology"
)

func smallGraph() topology.Graph {
	call := topology.Call{
		Reporter: topology.Source, Service: "cart", ServiceNamespace: "shop", Host: "cart.shop.svc.cluster.local", Protocol: "http",
		From: topology.Peer{Cluster: "c1", Namespace: "shop", Workload: "web"}, To: topology.Peer{Cluster: "c1", Namespace: "shop", Workload: "cart"},
	}
	samples := []topology.Sample{{Call: call, Code: "200", Requests: 9}, {Call: call, Code: "503", Requests: 1}}
	idle := topology.Workload{Cluster: "c1", Namespace: "shop", Name: `sl"eepy`}
	return topology.Build(samples, []topology.Latency{{Call: call, Quantile: 0.95, Seconds: 0.0123}}, []topology.Workload{idle})
}

func TestTheTopologyForPeople(t *testing.T) {
	graph := smallGraph()
	var out bytes.Buffer
	if err := writeTable(&out, edgeTable(&graph)); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"FROM          TO             SERVICE   PROTOCOL   RATE     ERRORS   P50   P95      P99   MTLS\n" +
		"c1/shop/web   c1/shop/cart   cart      http       10.0/s   10.0%    -     12.3ms   -     -\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTheTopologyForGraphviz(t *testing.T) {
	graph := smallGraph()
	var out bytes.Buffer
	if err := writeDot(&out, &graph); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"digraph mesh {", `  "c1/shop/web" -> "c1/shop/cart" [label="10.0/s 12.3ms", color=red];`, `  "c1/shop/sl\"eepy" [color=grey, fontcolor=grey];`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

func TestTimesOfTheTopology(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{"": {}, "10m": now.Add(-10 * time.Minute), "2026-02-01T00:00:00Z": time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)} {
		if got, err := momentOf(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "-5m"} {
		if _, err := momentOf(text, now); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}
