package traffic

import (
	"strings"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/topology"
)

// unnamed is the protocol of connections of which proxies know no more.
const unnamed = "tcp"

// told is the protocol that a word of a port means, of those of which proxies report connections only; "" for none.
func told(word string) string {
	switch word {
	case "mysql", "redis", "kafka", "amqp", "nats", "cassandra", "memcached":
		return word
	case "postgres", "postgresql":
		return "postgres"
	case "mongo", "mongodb":
		return "mongo"
	}
	return ""
}

// nameProtocols gives connections the protocol that their service's port tells, by the field appProtocol or its name. Proxies
// do not report the port, so that a service tells only when all its ports agree, apart from those for requests.
func nameProtocols(graph *topology.Graph, inventories []*inventory.Inventory) {
	protocols := map[topology.Name]string{}
	for _, i := range inventories {
		for j := range i.Services {
			s := &i.Services[j]
			protocols[topology.Name{Cluster: i.Cluster, Namespace: s.Namespace, Name: s.Name}] = protocolOf(s.Ports)
		}
	}
	for i := range graph.Edges {
		e := &graph.Edges[i]
		if e.Protocol != unnamed {
			continue
		}
		for _, cluster := range []string{e.To.Cluster, e.From.Cluster} {
			if found := protocols[topology.Name{Cluster: cluster, Namespace: e.ServiceNamespace, Name: e.Service}]; found != "" {
				e.Protocol = found
				break
			}
		}
	}
}

// protocolOf is what the ports that take connections have in common; "" when they do not agree.
func protocolOf(ports []inventory.Port) string {
	common := ""
	for _, port := range ports {
		switch port.Protocol {
		case "http", "http2", "https", "grpc", "grpc-web", "udp":
			continue
		}
		one := toldBy(port)
		if one == "" || common != "" && one != common {
			return ""
		}
		common = one
	}
	return common
}

// toldBy is the protocol that a port tells: by what Istio reads off it, else by a part of its name, as in tcp-postgres.
func toldBy(port inventory.Port) string {
	if found := told(port.Protocol); found != "" {
		return found
	}
	for _, part := range strings.Split(strings.ToLower(port.Name), "-") {
		if found := told(part); found != "" {
			return found
		}
	}
	return ""
}
