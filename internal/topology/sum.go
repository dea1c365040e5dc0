package topology

// Add adds what flows beside it. The slower latency stands for both.
func (t *Traffic) Add(other *Traffic) {
	t.Requests += other.Requests
	t.ClientErrors += other.ClientErrors
	t.ServerErrors += other.ServerErrors
	t.Unanswered += other.Unanswered
	t.Connections += other.Connections
	t.Sent += other.Sent
	t.Received += other.Received
	for flag, rate := range other.Flags {
		if t.Flags == nil {
			t.Flags = map[string]float64{}
		}
		t.Flags[flag] += rate
	}
	t.P50, t.P95, t.P99 = slower(t.P50, other.P50), slower(t.P95, other.P95), slower(t.P99, other.P99)
}

func slower(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// Name names a service or a workload of a cluster.
type Name struct {
	Cluster, Namespace, Name string
}

// Totals are what arrives at each node and each service, and what leaves each node.
type Totals struct {
	In, Out map[NodeID]*Traffic
	Service map[Name]*Traffic
}

// Totals adds up the edges.
func (g *Graph) Totals() Totals {
	t := Totals{In: map[NodeID]*Traffic{}, Out: map[NodeID]*Traffic{}, Service: map[Name]*Traffic{}}
	for i := range g.Edges {
		edge := &g.Edges[i]
		addTo(t.In, edge.To, &edge.Traffic)
		addTo(t.Out, edge.From, &edge.Traffic)
		if edge.Service != "" && edge.To.Cluster != "" {
			addTo(t.Service, Name{edge.To.Cluster, edge.ServiceNamespace, edge.Service}, &edge.Traffic)
		}
	}
	return t
}

// Of is what arrives at a workload. Gateways report only what they send on: of them it is that. nil without traffic.
func (t *Totals) Of(workload Name) *Traffic {
	id := NodeID{Kind: KindWorkload, Cluster: workload.Cluster, Namespace: workload.Namespace, Name: workload.Name}
	if in := t.In[id]; in != nil {
		return in
	}
	id.Kind = KindGateway
	if in := t.In[id]; in != nil {
		return in
	}
	return t.Out[id]
}

func addTo[K comparable](totals map[K]*Traffic, key K, traffic *Traffic) {
	if totals[key] == nil {
		totals[key] = &Traffic{}
	}
	totals[key].Add(traffic)
}
