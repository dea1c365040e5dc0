package topology

import "strings"

const unknown = "unknown"

// known turns Istio's word for what nobody knows into "".
func known(name string) string {
	if name == unknown {
		return ""
	}
	return name
}

func (p *Peer) node(workloads map[NodeID]Workload) Node {
	id := NodeID{Kind: KindWorkload, Cluster: known(p.Cluster), Namespace: known(p.Namespace), Name: known(p.Workload)}
	inventoried, found := workloads[id]
	if inventoried.Gateway || !found && strings.HasSuffix(id.Name, "gateway") && strings.HasPrefix(id.Name, "istio-") {
		id.Kind = KindGateway
	}
	return Node{NodeID: id, App: known(p.App), Version: known(p.Version), VirtualMachine: inventoried.VirtualMachine}
}

func (c *Call) source(workloads map[NodeID]Workload) Node {
	if known(c.From.Workload) == "" {
		return Node{NodeID: NodeID{Kind: KindUnknown, Name: unknown}}
	}
	return c.From.node(workloads)
}

// destination is the workload that answered, or what was called when nobody knows who did.
func (c *Call) destination(workloads map[NodeID]Workload) Node {
	if known(c.To.Workload) != "" {
		return c.To.node(workloads)
	}
	id := NodeID{Cluster: known(c.To.Cluster), Namespace: known(c.ServiceNamespace), Name: known(c.Service)}
	switch {
	case id.Name == "PassthroughCluster":
		id = NodeID{Kind: KindPassthrough, Cluster: known(c.From.Cluster), Name: id.Name}
	case id.Name == "BlackHoleCluster":
		id = NodeID{Kind: KindBlackHole, Cluster: known(c.From.Cluster), Name: id.Name}
	case id.Name == "":
		id = NodeID{Kind: KindUnknown, Name: unknown}
	case strings.Contains(c.Host, ".svc."):
		id.Kind = KindService
	default:
		id.Kind = KindExternal
		id.Cluster, id.Namespace = "", ""
	}
	return Node{NodeID: id}
}

// service is what was called. Clusters that only say how traffic arrived are no services.
func (c *Call) service() (name, namespace string) {
	if strings.HasPrefix(c.Service, "Inbound") || c.Service == "PassthroughCluster" || c.Service == "BlackHoleCluster" {
		return "", ""
	}
	return known(c.Service), known(c.ServiceNamespace)
}
