package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/topology"
)

// topOptions are the flags of `smm top`.
type topOptions struct {
	namespaces []string
	interval   time.Duration
	once       bool
	peers      peerOptions
	metrics    metricsOptions
}

func newTopCommand(app *App) *cobra.Command {
	o := topOptions{interval: 5 * time.Second}
	cmd := &cobra.Command{
		Use:   "top [workloads|services]",
		Short: "Show what arrives at workloads or services, busiest first, until it is stopped",
		Example: `  smm top
  smm top services -n smm-demo --once -o json`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"workloads", "services"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTop(cmd.Context(), app, o, len(args) == 1 && args[0] == "services")
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.namespaces, "namespace", "n", nil, "show what is in this `namespace` only; may be repeated")
	flags.DurationVar(&o.interval, "interval", o.interval, "`time` between two tables")
	flags.BoolVar(&o.once, "once", false, "print one table and end, as without a terminal")
	o.peers.register(flags)
	o.metrics.register(flags)
	return cmd
}

func runTop(ctx context.Context, app *App, o topOptions, services bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	mesh, err := app.observeMesh(ctx, &o.metrics, &o.peers)
	if err != nil {
		return err
	}
	live := !o.once && app.Output == FormatTable && isTerminal(app.Out)
	if live {
		go func() { _ = mesh.behaviour.Run(ctx) }() // it ends with the context
	}
	ticker := time.NewTicker(max(o.interval, time.Second))
	defer ticker.Stop()
	for {
		rows, problems, err := topRows(ctx, mesh, services, o.namespaces)
		if err != nil {
			return err
		}
		problems = append(problems, mesh.addHealth(ctx, rows, services, live)...)
		if !live {
			for _, problem := range problems {
				app.warn("%s", problem)
			}
			return app.Print(rows, topTable(rows, services))
		}
		if err := app.redraw(topTable(rows, services), problems); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// redraw puts a table in the place of what the terminal shows.
func (a *App) redraw(table Table, problems []string) error {
	const home = "\x1b[H\x1b[2J"
	var screen bytes.Buffer
	screen.WriteString(home)
	fmt.Fprintf(&screen, "%s   Ctrl-C ends\n\n", time.Now().Format(time.TimeOnly))
	for _, problem := range problems {
		fmt.Fprintln(&screen, problem)
	}
	if err := writeTable(&screen, table); err != nil {
		return err
	}
	_, err := a.Out.Write(screen.Bytes())
	return err
}

// topRow is one workload or service.
type topRow struct {
	Cluster           string   `json:"cluster"`
	Namespace         string   `json:"namespace"`
	Name              string   `json:"name"`
	RequestsPerSecond float64  `json:"requestsPerSecond"`
	ErrorRate         float64  `json:"errorRate"`
	P95               *float64 `json:"p95Seconds,omitempty"`
	ConnectionsPerSec float64  `json:"connectionsPerSecond,omitempty"`
	BytesPerSecond    float64  `json:"bytesPerSecond,omitempty"`
	// Health is empty, and Score nil, while nothing is known.
	Health health.Verdict `json:"health,omitempty"`
	Score  *int           `json:"healthScore,omitempty"`
}

func topRows(ctx context.Context, source *observedMesh, services bool, namespaces []string) ([]topRow, []string, error) {
	snapshot, err := source.At(ctx, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	scope := telemetry.ByWorkload
	if services {
		scope = telemetry.ByService
	}
	times, err := source.Times(ctx, time.Time{}, scope, 0.95)
	if err != nil {
		return nil, nil, err
	}
	rows := []topRow{}
	for name, t := range arriving(snapshot, services) {
		if len(namespaces) > 0 && !slices.Contains(namespaces, name.Namespace) {
			continue
		}
		rows = append(rows, topRow{
			Cluster: name.Cluster, Namespace: name.Namespace, Name: name.Name, RequestsPerSecond: t.Requests, ErrorRate: t.ErrorRate(),
			P95: times[name].P95, ConnectionsPerSec: t.Connections, BytesPerSecond: t.Sent + t.Received,
		})
	}
	slices.SortFunc(rows, func(a, b topRow) int {
		return cmp.Or(cmp.Compare(b.RequestsPerSecond, a.RequestsPerSecond), cmp.Compare(b.BytesPerSecond, a.BytesPerSecond),
			cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return rows, snapshot.Outage.Texts(), nil
}

// arriving is what arrives at each workload, also the idle ones, or at each service.
func arriving(snapshot *traffic.Snapshot, services bool) map[topology.Name]*topology.Traffic {
	if services {
		return snapshot.Totals.Service
	}
	workloads := map[topology.Name]*topology.Traffic{}
	for _, n := range snapshot.Graph.Nodes {
		if n.Kind != topology.KindWorkload && n.Kind != topology.KindGateway {
			continue
		}
		name := topology.Name{Cluster: n.Cluster, Namespace: n.Namespace, Name: n.Name}
		if workloads[name] = snapshot.Totals.Of(name); workloads[name] == nil {
			workloads[name] = &topology.Traffic{}
		}
	}
	return workloads
}

func topTable(rows []topRow, services bool) Table {
	kind := "WORKLOAD"
	if services {
		kind = "SERVICE"
	}
	table := Table{Columns: []string{"CLUSTER", "NAMESPACE", kind, "REQUESTS/S", "ERRORS", "P95", "CONNECTIONS/S", "BYTES/S", "HEALTH"}}
	for _, row := range rows {
		table.Add(row.Cluster, row.Namespace, row.Name, fmt.Sprintf("%.1f", row.RequestsPerSecond), fmt.Sprintf("%.1f%%", 100*row.ErrorRate),
			milliseconds(row.P95), fmt.Sprintf("%.1f", row.ConnectionsPerSec), fmt.Sprintf("%.0f", row.BytesPerSecond), row.health())
	}
	return table
}
