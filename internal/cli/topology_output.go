package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/meshmanager/smm/internal/topology"
)

// printedGraph is a graph as JSON and YAML have it.
type printedGraph struct {
	At    time.Time     `json:"at"`
	Nodes []printedNode `json:"nodes"`
	Edges []printedEdge `json:"edges"`
}

type printedNode struct {
	Kind      topology.Kind `json:"kind"`
	Cluster   string        `json:"cluster,omitempty"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	App       string        `json:"app,omitempty"`
	Version   string        `json:"version,omitempty"`
	Clusters  []string      `json:"clusters,omitempty"`
	Idle      bool          `json:"idle,omitempty"`
}

type printedEdge struct {
	From              string             `json:"from"`
	To                string             `json:"to"`
	Service           string             `json:"service,omitempty"`
	ServiceNamespace  string             `json:"serviceNamespace,omitempty"`
	Protocol          string             `json:"protocol"`
	RequestsPerSecond float64            `json:"requestsPerSecond"`
	ErrorRate         float64            `json:"errorRate"`
	P50               *float64           `json:"p50Seconds,omitempty"`
	P95               *float64           `json:"p95Seconds,omitempty"`
	P99               *float64           `json:"p99Seconds,omitempty"`
	ConnectionsPerSec float64            `json:"connectionsPerSecond,omitempty"`
	SentPerSecond     float64            `json:"sentBytesPerSecond,omitempty"`
	ReceivedPerSecond float64            `json:"receivedBytesPerSecond,omitempty"`
	Flags             map[string]float64 `json:"flags,omitempty"`
	MutualTLS         *float64           `json:"mutualTLS,omitempty"`
}

func describeGraph(at time.Time, g *topology.Graph) printedGraph {
	printed := printedGraph{At: at.UTC().Truncate(time.Second), Nodes: []printedNode{}, Edges: []printedEdge{}}
	for _, n := range g.Nodes {
		printed.Nodes = append(printed.Nodes, printedNode{n.Kind, n.Cluster, n.Namespace, n.Name, n.App, n.Version, n.Clusters, n.Idle})
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		printed.Edges = append(printed.Edges, printedEdge{
			From: nodeName(e.From), To: nodeName(e.To), Service: e.Service, ServiceNamespace: e.ServiceNamespace, Protocol: e.Protocol,
			RequestsPerSecond: e.Requests, ErrorRate: e.ErrorRate(), P50: e.P50, P95: e.P95, P99: e.P99,
			ConnectionsPerSec: e.Connections, SentPerSecond: e.Sent, ReceivedPerSecond: e.Received, Flags: e.Flags, MutualTLS: e.MutualTLS,
		})
	}
	return printed
}

// writeDot writes a graph for Graphviz: edges with errors are red, idle nodes grey.
func writeDot(out io.Writer, g *topology.Graph) error {
	var text strings.Builder
	text.WriteString("digraph mesh {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, n := range g.Nodes {
		style := ""
		if n.Idle {
			style = " [color=grey, fontcolor=grey]"
		}
		fmt.Fprintf(&text, "  %s%s;\n", dotString(nodeName(n.NodeID)), style)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		label, color := rateOf(&e.Traffic), "black"
		if e.P95 != nil {
			label += " " + milliseconds(e.P95)
		}
		if e.ServerErrors > 0 {
			color = "red"
		}
		fmt.Fprintf(&text, "  %s -> %s [label=%s, color=%s];\n", dotString(nodeName(e.From)), dotString(nodeName(e.To)), dotString(label), color)
	}
	text.WriteString("}\n")
	_, err := io.WriteString(out, text.String())
	return err
}

func dotString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
