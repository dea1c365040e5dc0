package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/peering/attach"
)

const istioClusterDetachLong = `Detaches a cluster from the mesh of the cluster of the current context. From a cluster without an istiod of its own, the
mesh is uninstalled; it is refused while proxies of its workloads use the mesh, unless --force is given. A cluster with
its own istiod goes on by itself.

Give the kubeconfig of the cluster. One that does not answer any more is detached by its name: the others forget it, and
what is in it stays.`

type istioClusterDetachFlags struct {
	force   bool
	timeout time.Duration
}

func newIstioClusterDetachCommand(app *App) *cobra.Command {
	flags := istioClusterDetachFlags{timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:   "detach <kubeconfig of the peer cluster, or its name>",
		Short: "Detach a cluster from the mesh",
		Long:  istioClusterDetachLong,
		Example: `  smm istio cluster detach peer.yaml    detach the cluster
  smm istio cluster detach prod-us      detach a cluster that does not answer`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runIstioClusterDetach(cmd.Context(), app, args[0], flags)
		},
	}
	cmd.Flags().BoolVar(&flags.force, "force", false, "detach it although workloads of it use the mesh")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait")
	return cmd
}

func runIstioClusterDetach(ctx context.Context, app *App, which string, flags istioClusterDetachFlags) error {
	first, err := app.cluster(ctx)
	if err != nil {
		return err
	}
	var peer *attach.Cluster
	if isFile(which) {
		reached, err := app.with(which).cluster(ctx)
		if err != nil {
			return fmt.Errorf("peer cluster: %w; give its name to detach it without it", err)
		}
		peer = &reached
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not detached within %s", flags.timeout))
	defer cancel()
	detachment, err := attach.PrepareDetach(ctx, first, peer, which, flags.force)
	if err != nil {
		return err
	}
	step := app.Progress(ctx).Step("Detaching " + detachment.Cluster)
	if err := detachment.Run(ctx, step.Update); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done("detached")
	table := Table{Columns: []string{"CLUSTER", "STATUS"}}
	table.Add(detachment.Cluster, "Detached")
	return app.Print(map[string]string{"cluster": detachment.Cluster, "status": "Detached"}, table)
}
