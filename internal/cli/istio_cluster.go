package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/peering/attach"
)

func newIstioClusterCommand(app *App) *cobra.Command {
	return newCommandGroup("cluster", "Attach clusters to the mesh and detach them",
		newIstioClusterAttachCommand(app),
		newIstioClusterDetachCommand(app),
		newIstioClusterStatusCommand(app),
	)
}

const istioClusterStatusLong = `Shows the clusters of the mesh and their control planes, as the chosen cluster knows them. A cluster is attached when
its status is Available. Unknown is the status of one that does not answer: what else is shown of it was true when it
last did.

With -o wide, it also shows how each cluster gets on with each other one, as the first of the two sees it: whether its
cluster registry reads from the other's API server and until when its credential is valid, whether its istiods say that
they know the other's endpoints, whether the other's mesh expansion gateway answers on port 15443, and whether both trust
each other. What does not apply to two clusters is left out: a passive one has no istiod, and on one network there is no
gateway between.`

func newIstioClusterStatusCommand(app *App) *cobra.Command {
	format := string(FormatTable)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the clusters of the mesh",
		Long:  istioClusterStatusLong,
		Example: `  smm istio cluster status
  smm istio cluster status -o wide`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runIstioClusterStatus(cmd.Context(), app, format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", format, "output `format`: table, wide, json or yaml")
	return cmd
}

const formatWide = "wide"

// clusterStatus is a cluster of the mesh, with how it gets on with the others.
type clusterStatus struct {
	peering.Member

	Peers []peering.Pair `json:"peers,omitempty"`
}

func runIstioClusterStatus(ctx context.Context, app *App, format string) error {
	if format != formatWide {
		if err := app.Output.Set(format); err != nil {
			return usageErrorf("-o %s: %v, or %s", format, err, formatWide)
		}
	}
	c, err := app.Client(ctx)
	if err != nil {
		return err
	}
	known, err := attach.Known(ctx, c)
	if err != nil {
		return err
	}
	members, pairs := peering.Overview(known), peering.Pairs(known.Clusters)
	statuses := make([]clusterStatus, len(members))
	for i := range members {
		statuses[i].Member = members[i]
		for _, pair := range pairs {
			if pair.From == members[i].Cluster {
				statuses[i].Peers = append(statuses[i].Peers, pair)
			}
		}
	}
	if err := app.Print(statuses, memberTable(members)); err != nil || format != formatWide || len(pairs) == 0 {
		return err
	}
	fmt.Fprintln(app.Out)
	return writeTable(app.Out, pairTable(pairs))
}

func pairTable(pairs []peering.Pair) Table {
	table := Table{Columns: []string{"FROM", "TO", "API", "CREDENTIAL", "ENDPOINTS", "GATEWAY", "TRUST", "MESSAGE"}}
	for i := range pairs {
		p := &pairs[i]
		table.Add(p.From, p.To, p.API, p.Credential, p.Endpoints, p.Gateway, p.Trust, p.Message)
	}
	return table
}

func memberTable(members []peering.Member) Table {
	table := Table{Columns: []string{"CLUSTER", "TYPE", "MODE", "NETWORK", "CONTROL PLANE", "STATUS", "GATEWAYS", "REGION", "KUBERNETES", "MESSAGE"}}
	for i := range members {
		m := &members[i]
		table.Add(m.Cluster, m.Type, m.Mode, m.Network, m.ControlPlane, m.Status, strings.Join(m.Gateways, ","), m.Region, m.Kubernetes, m.Message)
	}
	return table
}

// cluster connects to a cluster for attaching and detaching.
func (a *App) cluster(ctx context.Context) (attach.Cluster, error) {
	config, err := a.Connect(ctx)
	if err != nil {
		return attach.Cluster{}, err
	}
	return a.reach(config)
}

// reach returns what attaching and detaching need of a cluster.
func (a *App) reach(config *rest.Config) (attach.Cluster, error) {
	c, err := newClient(config)
	if err != nil {
		return attach.Cluster{}, err
	}
	installer, err := newInstaller(a, config)
	return attach.Cluster{Client: c, Installer: installer}, err
}

// with is the program with another kubeconfig, whose current context is used.
func (a *App) with(kubeconfig string) *App {
	other := *a
	other.Kubeconfig, other.Context = kubeconfig, ""
	return &other
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
