package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/topology"
)

const topologyLong = `Shows who calls whom, how often, how fast and how well, from the metrics of the mesh, now or at a past time. A request
that both ends report counts once. MTLS is the share of the traffic that arrived with mutual TLS.

-o dot prints a graph for Graphviz: smm topology -o dot | dot -Tsvg > mesh.svg`

// topologyOptions are the flags of `smm topology`.
type topologyOptions struct {
	namespaces []string
	at         string
	by         string
	format     string
	peers      peerOptions
	metrics    metricsOptions
}

func newTopologyCommand(app *App) *cobra.Command {
	o := topologyOptions{}
	cmd := &cobra.Command{
		Use:   "topology",
		Short: "Show the traffic of the mesh as a graph",
		Long:  topologyLong,
		Example: `  smm topology
  smm topology -n smm-demo --at 10m
  smm topology --by namespace -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTopology(cmd.Context(), app, o)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.namespaces, "namespace", "n", nil, "show edges to and from this `namespace` only; may be repeated")
	flags.StringVar(&o.at, "at", "", "`time` to show, such as 2006-01-02T15:04:05Z, or 10m for ten minutes ago (default: now)")
	flags.StringVar(&o.by, "by", "workload", "`level` of the nodes: workload, app, namespace, cluster, or mesh for workloads joined across clusters")
	flags.StringVarP(&o.format, "output", "o", "table", "output `format`: table, json, yaml or dot")
	o.peers.register(flags)
	o.metrics.register(flags)
	return cmd
}

func runTopology(ctx context.Context, app *App, o topologyOptions) error {
	at, err := momentOf(o.at, time.Now())
	if err != nil {
		return err
	}
	if o.format != "dot" {
		if err := app.Output.Set(o.format); err != nil {
			return usageErrorf("--output %q: it must be table, json, yaml or dot", o.format)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source, err := app.observeMesh(ctx, &o.metrics, &o.peers)
	if err != nil {
		return err
	}
	snapshot, err := source.At(ctx, at, 0.5, 0.95, 0.99)
	if err != nil {
		return err
	}
	graph, err := graphOf(snapshot, o)
	if err != nil {
		return err
	}
	for _, problem := range snapshot.Outage.Texts() {
		app.warn("%s", problem)
	}
	if o.format == "dot" {
		return writeDot(app.Out, &graph)
	}
	return app.Print(describeGraph(snapshot.At, &graph), edgeTable(&graph))
}

// momentOf reads a time, or how long ago it was; the zero time for now.
func momentOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usageErrorf("--at %q: give a time such as 2006-01-02T15:04:05Z, or how long ago, such as 10m", text)
	}
	return at, nil
}

func graphOf(snapshot *traffic.Snapshot, o topologyOptions) (topology.Graph, error) {
	graph := only(&snapshot.Graph, o.namespaces)
	switch o.by {
	case "workload":
		return graph, nil
	case "app":
		return graph.Fold(topology.IntoApps), nil
	case "namespace":
		return graph.Fold(topology.IntoNamespaces), nil
	case "cluster":
		return graph.Fold(topology.IntoClusters), nil
	case "mesh":
		return graph.Fold(topology.AcrossClusters), nil
	}
	return graph, usageErrorf("--by %q: it must be workload, app, namespace, cluster or mesh", o.by)
}

// only keeps edges of which one end is in one of the namespaces, their ends, and idle nodes there.
func only(g *topology.Graph, namespaces []string) topology.Graph {
	if len(namespaces) == 0 {
		return *g
	}
	var kept topology.Graph
	used := map[topology.NodeID]bool{}
	for _, e := range g.Edges {
		if slices.Contains(namespaces, e.From.Namespace) || slices.Contains(namespaces, e.To.Namespace) {
			kept.Edges = append(kept.Edges, e)
			used[e.From], used[e.To] = true, true
		}
	}
	for _, n := range g.Nodes {
		if used[n.NodeID] || n.Idle && slices.Contains(namespaces, n.Namespace) {
			kept.Nodes = append(kept.Nodes, n)
		}
	}
	return kept
}

func edgeTable(g *topology.Graph) Table {
	table := Table{Columns: []string{"FROM", "TO", "SERVICE", "PROTOCOL", "RATE", "ERRORS", "P50", "P95", "P99", "MTLS"}}
	for i := range g.Edges {
		e := &g.Edges[i]
		table.Add(nodeName(e.From), nodeName(e.To), e.Service, e.Protocol, rateOf(&e.Traffic), errorsOf(&e.Traffic),
			milliseconds(e.P50), milliseconds(e.P95), milliseconds(e.P99), percentOf(e.MutualTLS))
	}
	return table
}

// nodeName is how people call a node.
func nodeName(id topology.NodeID) string {
	var parts []string
	for _, part := range []string{id.Cluster, id.Namespace, id.Name} {
		if part != "" && (len(parts) == 0 || parts[len(parts)-1] != part) {
			parts = append(parts, part)
		}
	}
	name := strings.Join(parts, "/")
	if id.Kind == topology.KindWorkload || name == string(id.Kind) {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, id.Kind)
}

func rateOf(t *topology.Traffic) string {
	if t.Requests > 0 {
		return fmt.Sprintf("%.1f/s", t.Requests)
	}
	return fmt.Sprintf("%.1f conn/s, %.0f B/s", t.Connections, t.Sent+t.Received)
}

func errorsOf(t *topology.Traffic) string {
	if t.Requests == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f%%", 100*t.ErrorRate())
}

func milliseconds(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return fmt.Sprintf("%.1fms", 1000**seconds)
}

func percentOf(of *float64) string {
	if of == nil {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100**of)
}
