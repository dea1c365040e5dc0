package graph

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/topology"
)

// describeTopology is the part of the graph that the user may see and the filter lets pass: edges of which one end passes,
// with their ends, and idle nodes that pass.
func describeTopology(s *sight, snapshot *traffic.Snapshot, filter *model.Filter, merge bool) *model.Topology {
	graph := visibleGraph(s, &snapshot.Graph, filter)
	if merge {
		graph = graph.Fold(topology.AcrossClusters)
	}
	described := &model.Topology{
		At: stamp(snapshot.At), Nodes: []model.TopologyNode{}, Edges: []model.TopologyEdge{}, Problems: snapshot.Outage.Texts(),
	}
	for _, cluster := range slices.Sorted(maps.Keys(s.away)) {
		described.Problems = append(described.Problems, "cluster "+cluster+" is not shown: "+cmp.Or(s.away[cluster], "what runs there is not known"))
	}
	for i := range graph.Nodes {
		described.Nodes = append(described.Nodes, describeNodeOf(s, &graph.Nodes[i]))
	}
	for i := range graph.Edges {
		described.Edges = append(described.Edges, describeEdge(&graph.Edges[i]))
	}
	return described
}

func visibleGraph(s *sight, all *topology.Graph, filter *model.Filter) topology.Graph {
	var graph topology.Graph
	used := map[topology.NodeID]bool{}
	alike := false
	for i := range all.Edges {
		e := all.Edges[i]
		if !s.edge(&e) || !passesNode(filter, e.From) && !passesNode(filter, e.To) {
			continue
		}
		if e.Service != "" && !s.called(&e) {
			e.Service, e.ServiceNamespace = "", ""
			alike = true
		}
		graph.Edges = append(graph.Edges, e)
		used[e.From], used[e.To] = true, true
	}
	for i := range all.Nodes {
		n := &all.Nodes[i]
		visible, object := s.node(n.NodeID)
		if used[n.NodeID] || visible && object && n.Idle && passesNode(filter, n.NodeID) {
			graph.Nodes = append(graph.Nodes, *n)
		}
	}
	if alike { // without the service, edges may be the same
		graph = graph.Fold(func(n topology.Node) topology.NodeID { return n.NodeID })
	}
	return graph
}

func passesNode(filter *model.Filter, id topology.NodeID) bool {
	return matchesAny(clustersOf(filter), id.Cluster) && passes(filter, id.Namespace, id.Name, nil)
}

func describeNodeOf(s *sight, n *topology.Node) model.TopologyNode {
	described := model.TopologyNode{
		ID: nodeID(n.NodeID), Kind: kindOf(n.Kind), Cluster: n.Cluster, Namespace: n.Namespace, Name: n.Name, App: n.App, Version: n.Version,
		Clusters: append([]string{}, n.Clusters...), VirtualMachine: n.VirtualMachine, Idle: n.Idle, Services: []string{},
	}
	for _, cluster := range n.Clusters {
		v := s.views[cluster]
		if v == nil {
			continue
		}
		name := objectName{n.Namespace, n.Name}
		if n.Kind == topology.KindService {
			if v.service(n.Namespace, n.Name) != nil {
				described.ObjectID = cmp.Or(described.ObjectID, optional(serviceID(cluster, n.Namespace, n.Name)))
			}
			continue
		}
		w := v.workload(n.Namespace, "", n.Name)
		if w == nil {
			continue
		}
		described.ObjectID = cmp.Or(described.ObjectID, optional(workloadID(cluster, w)))
		if v.services[n.Namespace] {
			for _, service := range v.byName().servicesOf[name] {
				described.Services = append(described.Services, serviceID(cluster, n.Namespace, service.Name))
			}
		}
	}
	return described
}

func serviceID(cluster, namespace, name string) string {
	return inventory.ID{Kind: "Service", Cluster: cluster, Namespace: namespace, Name: name}.String()
}

func workloadID(cluster string, w *inventory.Workload) string {
	return inventory.ID{Kind: w.Kind, Group: groupOf(w.Kind), Cluster: cluster, Namespace: w.Namespace, Name: w.Name}.String()
}

func describeEdge(e *topology.Edge) model.TopologyEdge {
	return model.TopologyEdge{
		ID:   strings.Join([]string{nodeID(e.From), nodeID(e.To), e.ServiceNamespace, e.Service, e.Protocol}, "|"),
		From: nodeID(e.From), To: nodeID(e.To), Service: optional(e.Service), ServiceNamespace: optional(e.ServiceNamespace),
		Protocol: e.Protocol, Traffic: describeTraffic(&e.Traffic), MutualTLS: e.MutualTLS,
	}
}

func describeTraffic(t *topology.Traffic) *model.Traffic {
	described := &model.Traffic{
		Requests: t.Requests, ClientErrors: t.ClientErrors, ServerErrors: t.ServerErrors, Unanswered: t.Unanswered, ErrorRate: t.ErrorRate(),
		P50: t.P50, P95: t.P95, P99: t.P99, Connections: t.Connections, Sent: t.Sent, Received: t.Received, Flags: []model.Flag{},
	}
	for _, flag := range slices.Sorted(maps.Keys(t.Flags)) {
		described.Flags = append(described.Flags, model.Flag{Flag: flag, Rate: t.Flags[flag]})
	}
	return described
}

func nodeID(id topology.NodeID) string {
	return strings.Join([]string{string(id.Kind), id.Cluster, id.Namespace, id.Name}, ":")
}

func kindOf(kind topology.Kind) model.NodeKind {
	switch kind {
	case topology.KindWorkload:
		return model.NodeKindWorkload
	case topology.KindGateway:
		return model.NodeKindGateway
	case topology.KindService:
		return model.NodeKindService
	case topology.KindExternal:
		return model.NodeKindExternal
	case topology.KindPassthrough:
		return model.NodeKindPassthrough
	case topology.KindBlackHole:
		return model.NodeKindBlackHole
	}
	return model.NodeKindUnknown
}
