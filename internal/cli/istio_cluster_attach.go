package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/peering/attach"
	"github.com/meshmanager/smm/internal/platform"
)

const istioClusterAttachLong = `Attaches a cluster to the mesh of the cluster of the current context. Both get the cluster registry, by which they
know each other from then on.

By default the attached cluster has no istiod of its own: its workloads use that of the first (a remote cluster, in
Istio's words). With --active-istio-control-plane it has one (a primary cluster): the one that is there, which keeps its
own root certificate and is trusted, or a new one, whose authority the first one's root signs.

A cluster is a network of its own, named after it, unless --network-name puts it into another one: pods of a network
reach each other directly, those of different networks through gateways. To change the network of a cluster, detach it
first.`

type istioClusterAttachFlags struct {
	options attach.Options
	wait    bool
	timeout time.Duration
}

func newIstioClusterAttachCommand(app *App) *cobra.Command {
	flags := istioClusterAttachFlags{wait: true, timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:   "attach <kubeconfig of the peer cluster>",
		Short: "Attach a cluster to the mesh",
		Long:  istioClusterAttachLong,
		Example: `  smm istio cluster attach peer.yaml                                  use this cluster's istiod
  smm istio cluster attach peer.yaml --active-istio-control-plane     keep an istiod in the peer
  smm istio cluster attach peer.yaml --network-name network1          on the same network as this cluster
  smm istio cluster attach peer.yaml --force                          again, with this version's settings`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runIstioClusterAttach(cmd.Context(), app, args[0], flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.options.Name, "name", "", "`name` of the cluster in the mesh (default: the kubeconfig's, converted)")
	set.StringVar(&flags.options.Network, "network-name", "", "`name` of the cluster's network (default: the cluster's)")
	set.BoolVar(&flags.options.Active, "active-istio-control-plane", false, "have an istiod in the cluster")
	set.BoolVar(&flags.options.Force, "force", false, "attach a cluster again that is attached already")
	set.BoolVar(&flags.wait, "wait", flags.wait, "wait until the mesh is available in both clusters")
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait")
	return cmd
}

// attached is what `smm istio cluster attach` prints when it is done.
type attached struct {
	Cluster string `json:"cluster"`
	Mode    string `json:"mode"`
	Network string `json:"network"`
	Trust   string `json:"trust"`
}

func runIstioClusterAttach(ctx context.Context, app *App, kubeconfig string, flags istioClusterAttachFlags) error {
	peerApp := app.with(kubeconfig)
	first, err := app.cluster(ctx)
	if err != nil {
		return err
	}
	peer, err := peerApp.cluster(ctx)
	if err != nil {
		return fmt.Errorf("peer cluster: %w", err)
	}
	known, err := peerApp.ClusterName()
	if err != nil {
		return err
	}
	if flags.options.Name == "" {
		flags.options.Name = cmp.Or(attach.KnownName(ctx, first, peer), platform.DiscoveredClusterName(known))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not attached within %s", flags.timeout))
	defer cancel()
	progress := app.Progress(ctx)
	step := progress.Step("Checking both clusters")
	attachment, err := attach.Prepare(ctx, first, peer, flags.options)
	if err != nil {
		step.Fail(errRefused)
		return err
	}
	step.Done("")
	step = progress.Step("Attaching " + attachment.Plan.Cluster)
	err = attachment.Run(ctx, step.Update)
	if err == nil && flags.wait {
		err = attachment.Wait(ctx, step.Update)
	}
	if err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done("attached")
	plan := attachment.Plan
	result := attached{Cluster: plan.Cluster, Mode: string(plan.Mode), Network: plan.Network, Trust: plan.Trust()}
	table := Table{Columns: []string{"CLUSTER", "MODE", "NETWORK", "TRUST"}}
	table.Add(result.Cluster, result.Mode, result.Network, result.Trust)
	return app.Print(result, table)
}
