package topology

// Kind is what a node stands for.
type Kind string

// The kinds of nodes.
const (
	KindWorkload    Kind = "workload"
	KindGateway     Kind = "gateway"
	KindService     Kind = "service"     // a service whose workload nobody reported
	KindExternal    Kind = "external"    // a host outside the mesh that a ServiceEntry names
	KindPassthrough Kind = "passthrough" // hosts that the mesh does not know
	KindBlackHole   Kind = "blackhole"   // hosts that the mesh does not know and refuses
	KindUnknown     Kind = "unknown"     // callers that nobody knows
)

// NodeID names a node. It is comparable.
type NodeID struct {
	Kind                     Kind
	Cluster, Namespace, Name string
}

// Node is one end of edges.
type Node struct {
	NodeID
	App, Version string
	// Clusters are those on which it runs.
	Clusters []string
	// VirtualMachine tells that the workload runs outside Kubernetes.
	VirtualMachine bool
	// Idle tells that the inventory has the node and no sample does.
	Idle bool
}

// EdgeID names an edge. There is one for each protocol and called service. It is comparable.
type EdgeID struct {
	From, To NodeID
	// Service and ServiceNamespace are what was called, "" when it has no name.
	Service, ServiceNamespace string
	Protocol                  string
}

// anonymous is the edge without the workload that it leads to.
func (e EdgeID) anonymous() EdgeID {
	e.To = NodeID{}
	return e
}

// Edge is the traffic between two nodes.
type Edge struct {
	EdgeID
	Traffic
	// Reporter is the end whose numbers these are.
	Reporter Reporter
	// MutualTLS is the share of the traffic that the destination received with mutual TLS, from 0 to 1; nil when no
	// destination reported.
	MutualTLS *float64
}

// Traffic is what happens in a second.
type Traffic struct {
	Requests float64
	// ClientErrors are requests at fault (4xx), ServerErrors those that the service failed (5xx), Unanswered those
	// that got no answer. The statuses of gRPC count as those HTTP statuses that mean the same.
	ClientErrors, ServerErrors, Unanswered float64
	// Flags are the requests or connections with each of Envoy's response flags; UO is an open circuit breaker.
	Flags map[string]float64
	// Connections are those opened, Sent and Received the server's bytes.
	Connections, Sent, Received float64
	// P50, P95 and P99 are the durations in seconds that so many percent of the requests do not exceed; nil when they
	// are not known. Of traffic that was added up, they are those of its slowest part.
	P50, P95, P99 *float64
}

// ErrorRate is the share of requests that the service failed, from 0 to 1: server errors only.
func (t Traffic) ErrorRate() float64 {
	if t.Requests == 0 {
		return 0
	}
	return t.ServerErrors / t.Requests
}

// Graph is a mesh's traffic. Nodes and edges are sorted.
type Graph struct {
	Nodes []Node
	Edges []Edge
}
