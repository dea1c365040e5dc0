package traffic

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/topology"
)

// Connections have the protocol that their service's ports tell, and no other when these do not agree.
func TestPortsTellTheProtocol(t *testing.T) {
	services := map[string][]inventory.Port{
		"by-name":      {{Name: "mysql", Protocol: "mysql"}},
		"by-suffix":    {{Name: "tcp-postgresql", Protocol: "tcp"}},
		"by-field":     {{Name: "data", Protocol: "kafka"}},
		"with-metrics": {{Name: "redis", Protocol: "redis"}, {Name: "http-metrics", Protocol: "http"}},
		"undecided":    {{Name: "mysql", Protocol: "mysql"}, {Name: "redis", Protocol: "redis"}},
		"half-told":    {{Name: "mysql", Protocol: "mysql"}, {Name: "tcp", Protocol: "tcp"}},
		"silent":       {{Name: "tcp", Protocol: "tcp"}},
		"requests":     {{Name: "mysql", Protocol: "mysql"}},
	}
	found := &inventory.Inventory{Cluster: "c1"}
	graph := topology.Graph{}
	for name, ports := range services {
		found.Services = append(found.Services, inventory.Service{Namespace: "shop", Name: name, Ports: ports})
		edge := topology.Edge{EdgeID: topology.EdgeID{
			From: topology.NodeID{Kind: topology.KindWorkload, Cluster: "c1", Namespace: "shop", Name: "caller"},
			To:   topology.NodeID{Kind: topology.KindWorkload, Cluster: "c2", Namespace: "shop", Name: name}, Service: name, ServiceNamespace: "shop", Protocol: "tcp",
		}}
		if name == "requests" {
			edge.Protocol = "http"
		}
		graph.Edges = append(graph.Edges, edge)
	}
	nameProtocols(&graph, []*inventory.Inventory{found})
	got := map[string]string{}
	for _, e := range graph.Edges {
		got[e.Service] = e.Protocol
	}
	if diff := cmp.Diff(map[string]string{
		"by-name": "mysql", "by-suffix": "postgres", "by-field": "kafka", "with-metrics": "redis", "undecided": "tcp", "half-told": "tcp", "silent": "tcp",
		"requests": "http",
	}, got); diff != "" {
		t.Error(diff)
	}
}
