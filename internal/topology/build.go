package topology

import (
	"math"
	"strings"
)

// reports are what both ends say about an edge.
type reports struct {
	source, destination *Traffic
	secured, judged     float64 // what the destination received with mutual TLS, and in all
	principal           string  // of callers that nobody knows by name
	latencies           map[Reporter]quantiles
}

// Build computes the graph. A request that both ends report counts once: as the caller saw it, which includes what
// never arrived, and as the destination saw it when no caller reported. Values that are no positive numbers are left out,
// and so are latencies of edges without requests.
func Build(samples []Sample, latencies []Latency, inventory []Workload) Graph {
	b := builder{
		workloads: map[NodeID]Workload{}, nodes: map[NodeID]Node{}, edges: map[EdgeID]*reports{},
		named: map[proof]bool{}, answered: map[EdgeID]bool{},
	}
	for _, w := range inventory {
		b.workloads[NodeID{Kind: KindWorkload, Cluster: w.Cluster, Namespace: w.Namespace, Name: w.Name}] = w
	}
	for i := range samples {
		b.add(&samples[i])
	}
	for i := range latencies {
		b.time(&latencies[i])
	}
	return b.graph()
}

// proof says that callers with an identity reported their calls of a workload themselves.
type proof struct {
	principal string
	to        NodeID
}

type builder struct {
	workloads map[NodeID]Workload
	nodes     map[NodeID]Node
	edges     map[EdgeID]*reports
	named     map[proof]bool
	// answered are the edges that destinations reported, without the workload that they lead to.
	answered map[EdgeID]bool
}

// edgeOf names the edge of a call.
func (b *builder) edgeOf(c *Call) (id EdgeID, from, to Node) {
	from, to = c.source(b.workloads), c.destination(b.workloads)
	service, namespace := c.service()
	return EdgeID{From: from.NodeID, To: to.NodeID, Service: service, ServiceNamespace: namespace, Protocol: c.Protocol}, from, to
}

func (b *builder) add(s *Sample) {
	clean(s)
	if s.Requests+s.Connections+s.Sent+s.Received == 0 || s.Reporter != Source && s.Reporter != Destination {
		return
	}
	id, from, to := b.edgeOf(&s.Call)
	edge := b.edges[id]
	if edge == nil {
		edge = &reports{}
		b.edges[id] = edge
		b.nodes[from.NodeID], b.nodes[to.NodeID] = from, to
	}
	if s.Reporter == Source {
		edge.source = s.addTo(edge.source)
		if principal := known(s.Principal); principal != "" {
			b.named[proof{principal, to.NodeID}] = true
		}
		return
	}
	edge.destination = s.addTo(edge.destination)
	if id.Service != "" {
		b.answered[id.anonymous()] = true
	}
	volume := s.Requests + s.Connections
	edge.judged += volume
	if s.Security == "mutual_tls" {
		edge.secured += volume
	}
	if from.Kind == KindUnknown {
		edge.principal = known(s.Principal)
	}
}

// clean leaves out what no rate can be.
func clean(s *Sample) {
	for _, value := range []*float64{&s.Requests, &s.Connections, &s.Sent, &s.Received} {
		if math.IsNaN(*value) || math.IsInf(*value, 0) || *value < 0 {
			*value = 0
		}
	}
}

func (s *Sample) addTo(t *Traffic) *Traffic {
	if t == nil {
		t = &Traffic{}
	}
	t.Requests += s.Requests
	t.Connections += s.Connections
	t.Sent += s.Sent
	t.Received += s.Received
	switch s.classOf() {
	case clientError:
		t.ClientErrors += s.Requests
	case serverError:
		t.ServerErrors += s.Requests
	case unanswered:
		t.Unanswered += s.Requests
	}
	if s.Flags == "" || s.Flags == "-" {
		return t
	}
	if t.Flags == nil {
		t.Flags = map[string]float64{}
	}
	for flag := range strings.SplitSeq(s.Flags, ",") {
		t.Flags[flag] += s.Requests + s.Connections
	}
	return t
}

func (b *builder) graph() Graph {
	var g Graph
	used := map[NodeID]bool{}
	for id, r := range b.edges {
		// The destination could not name a caller that reports the same requests itself.
		if id.From.Kind == KindUnknown && r.source == nil && b.named[proof{r.principal, id.To}] {
			continue
		}
		// The caller could not name the workload that reports having answered.
		if id.To.Kind == KindService && r.destination == nil && b.answered[id.anonymous()] {
			continue
		}
		edge := Edge{EdgeID: id}
		if r.source != nil {
			edge.Traffic, edge.Reporter = *r.source, Source
		} else {
			edge.Traffic, edge.Reporter = *r.destination, Destination
		}
		if r.judged > 0 {
			share := r.secured / r.judged
			edge.MutualTLS = &share
		}
		if times := r.latencies[edge.Reporter]; times != nil {
			times.putInto(&edge.Traffic)
		}
		g.Edges = append(g.Edges, edge)
		used[id.From], used[id.To] = true, true
	}
	g.Nodes = b.nodesOf(used)
	g.sort()
	return g
}

// nodesOf are the nodes with traffic, and those of the inventory without.
func (b *builder) nodesOf(used map[NodeID]bool) []Node {
	nodes := make(map[NodeID]Node, len(used))
	for id := range used {
		nodes[id] = b.nodes[id]
	}
	for id, w := range b.workloads {
		if w.Gateway {
			id.Kind = KindGateway
		}
		if _, busy := nodes[id]; !busy {
			nodes[id] = Node{NodeID: id, App: w.App, Version: w.Version, VirtualMachine: w.VirtualMachine, Idle: true}
		}
	}
	list := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		if n.Cluster != "" {
			n.Clusters = []string{n.Cluster}
		}
		list = append(list, n)
	}
	return list
}
