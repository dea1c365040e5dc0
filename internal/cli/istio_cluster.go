package cli

import (
	"context"
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
last did.`

func newIstioClusterStatusCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show the clusters of the mesh",
		Long:    istioClusterStatusLong,
		Example: "  smm istio cluster status",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			known, err := attach.Known(cmd.Context(), c)
			if err != nil {
				return err
			}
			members := peering.Overview(known)
			return app.Print(members, memberTable(members))
		},
	}
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
