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

func (s *Sample) source(workloads map[NodeID]Workload) Node {
	if known(s.From.Workload) == "" {
		return Node{NodeID: NodeID{Kind: KindUnknown, Name: unknown}}
	}
	return s.From.node(workloads)
}

// destination is the workload that answered, or what was called when nobody knows who did.
func (s *Sample) destination(workloads map[NodeID]Workload) Node {
	if known(s.To.Workload) != "" {
		return s.To.node(workloads)
	}
	id := NodeID{Cluster: known(s.To.Cluster), Namespace: known(s.ServiceNamespace), Name: known(s.Service)}
	switch {
	case id.Name == "PassthroughCluster":
		id = NodeID{Kind: KindPassthrough, Cluster: known(s.From.Cluster), Name: id.Name}
	case id.Name == "BlackHoleCluster":
		id = NodeID{Kind: KindBlackHole, Cluster: known(s.From.Cluster), Name: id.Name}
	case id.Name == "":
		id = NodeID{Kind: KindUnknown, Name: unknown}
	case strings.Contains(s.Host, ".svc."):
		id.Kind = KindService
	default:
		id.Kind = KindExternal
		id.Cluster, id.Namespace = "", ""
	}
	return Node{NodeID: id}
}

// service is what was called. Clusters that only say how traffic arrived are no services.
func (s *Sample) service() (name, namespace string) {
	if strings.HasPrefix(s.Service, "Inbound") || s.Service == "PassthroughCluster" || s.Service == "BlackHoleCluster" {
		return "", ""
	}
	return known(s.Service), known(s.ServiceNamespace)
}
