package topology

import (
	"cmp"
	"slices"
)

// The kinds of nodes that stand for several.
const (
	KindCluster   Kind = "cluster"
	KindNamespace Kind = "namespace"
	KindApp       Kind = "app"
)

// Level is what nodes are folded into.
type Level func(Node) NodeID

// AcrossClusters joins the workloads, gateways and services that have the same name on several clusters.
func AcrossClusters(n Node) NodeID {
	id := n.NodeID
	id.Cluster = ""
	return id
}

// IntoClusters joins what is in a cluster. Here and below, what is in none stays as it is.
func IntoClusters(n Node) NodeID {
	if !n.placed() {
		return n.NodeID
	}
	return NodeID{Kind: KindCluster, Cluster: n.Cluster, Name: n.Cluster}
}

// IntoNamespaces joins what is in a namespace of a cluster.
func IntoNamespaces(n Node) NodeID {
	if !n.placed() {
		return n.NodeID
	}
	return NodeID{Kind: KindNamespace, Cluster: n.Cluster, Namespace: n.Namespace, Name: n.Namespace}
}

// IntoApps joins the workloads of an app in a namespace of a cluster.
func IntoApps(n Node) NodeID {
	if n.App == "" || !n.placed() {
		return n.NodeID
	}
	return NodeID{Kind: KindApp, Cluster: n.Cluster, Namespace: n.Namespace, Name: n.App}
}

// placed tells that the node is an object of a cluster.
func (n Node) placed() bool {
	return n.Kind == KindWorkload || n.Kind == KindGateway || n.Kind == KindService
}

// Fold joins the nodes that the level gives the same ID and adds up the edges between them, by called service as long as
// the nodes are still what was called.
func (g *Graph) Fold(level Level) Graph {
	nodes := map[NodeID]*Node{}
	ids := make(map[NodeID]NodeID, len(g.Nodes))
	for i := range g.Nodes {
		n := g.Nodes[i]
		id := level(n)
		ids[n.NodeID] = id
		if nodes[id] == nil {
			joined := n
			joined.NodeID, joined.Clusters = id, slices.Clone(n.Clusters)
			nodes[id] = &joined
			continue
		}
		nodes[id].join(n)
	}
	edges := map[EdgeID]*Edge{}
	secured := map[EdgeID]float64{}
	judged := map[EdgeID]float64{}
	for i := range g.Edges {
		e := g.Edges[i]
		id := EdgeID{From: ids[e.From], To: ids[e.To], Protocol: e.Protocol}
		if id.To.Kind == e.To.Kind {
			id.Service, id.ServiceNamespace = e.Service, e.ServiceNamespace
		}
		if edges[id] == nil {
			edges[id] = &Edge{EdgeID: id, Reporter: e.Reporter}
		}
		edges[id].Add(&e.Traffic)
		if e.MutualTLS != nil {
			volume := e.Requests + e.Connections
			judged[id] += volume
			secured[id] += volume * *e.MutualTLS
		}
	}
	var folded Graph
	for id, e := range edges {
		if judged[id] > 0 {
			share := secured[id] / judged[id]
			e.MutualTLS = &share
		}
		folded.Edges = append(folded.Edges, *e)
	}
	for _, n := range nodes {
		folded.Nodes = append(folded.Nodes, *n)
	}
	folded.sort()
	return folded
}

// join makes one node of two. What differs between them is not said of both.
func (n *Node) join(other Node) {
	n.Clusters = append(n.Clusters, other.Clusters...)
	slices.Sort(n.Clusters)
	n.Clusters = slices.Compact(n.Clusters)
	n.Idle = n.Idle && other.Idle
	n.VirtualMachine = n.VirtualMachine && other.VirtualMachine
	if n.App != other.App {
		n.App = ""
	}
	if n.Version != other.Version {
		n.Version = ""
	}
}

func (g *Graph) sort() {
	slices.SortFunc(g.Nodes, func(a, b Node) int { return compareNodes(a.NodeID, b.NodeID) })
	slices.SortFunc(g.Edges, func(a, b Edge) int { return compareEdges(a.EdgeID, b.EdgeID) })
}

func compareNodes(a, b NodeID) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}

func compareEdges(a, b EdgeID) int {
	return cmp.Or(compareNodes(a.From, b.From), compareNodes(a.To, b.To), cmp.Compare(a.ServiceNamespace, b.ServiceNamespace),
		cmp.Compare(a.Service, b.Service), cmp.Compare(a.Protocol, b.Protocol))
}
