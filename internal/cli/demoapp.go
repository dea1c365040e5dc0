package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/demoapp"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/operator/installation"
	"github.com/meshmanager/smm/internal/peering/attach"
)

// defaultDemoTimeout is how long the demo application may take to become ready, or to go.
const defaultDemoTimeout = 5 * time.Minute

const demoappInstallLong = `Installs the demo application into the namespace smm-demo and waits until it runs: a dozen small services that call
each other in the mesh, and a load generator that calls the first of them. It writes the resource DemoApplication and
brings the cluster to what that says, as an operator does. It can be repeated at any time; services that an earlier
installation had and this one does not are removed.

On nodes labelled smm.cisco.com/proxyless=true, as in the sandbox, the services have no Envoy: they speak gRPC and
mutual TLS themselves, as Istio configures them. Elsewhere they speak HTTP through their sidecars.`

func newDemoappCommand(app *App) *cobra.Command {
	return newCommandGroup("demoapp", "Install, remove and drive the demo application",
		newDemoappInstallCommand(app),
		newDemoappUninstallCommand(app),
		newCommandGroup("load", "Switch the load on the demo application",
			newDemoappLoadCommand(app, "start", "Start to generate load", true),
			newDemoappLoadCommand(app, "stop", "Stop generating load", false),
		),
	)
}

// demoappFlags are the flags of `smm demoapp install`.
type demoappFlags struct {
	services      string
	peer          bool
	proxyless     bool
	replicas      int32
	autoscaling   bool
	image         string
	controlPlane  string
	dumpResources bool
	wait          bool
	timeout       time.Duration
}

func newDemoappInstallCommand(app *App) *cobra.Command {
	flags := demoappFlags{timeout: defaultDemoTimeout, wait: true, replicas: 1}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install the demo application",
		Long:  demoappInstallLong,
		Example: `  smm demoapp install

  # over two clusters of a mesh
  smm demoapp install -s frontpage,catalog,bookings,postgresql
  smm -c peer.yaml demoapp install -s movies,payments,notifications,analytics,database,mysql --peer`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := flags.wanted(cmd.Flags().Changed("services"), cmd.Flags().Changed("proxyless"))
			if err != nil {
				return err
			}
			return runDemoappInstall(cmd.Context(), app, wanted, flags)
		},
	}
	set := cmd.Flags()
	set.StringVarP(&flags.services, "services", "s", "", "install only these `services`, separated by commas (default: all)")
	set.BoolVar(&flags.peer, "peer", false, "this is a peer cluster: no load generator, and routing comes from the first cluster")
	set.BoolVar(&flags.proxyless, "proxyless", false, "gRPC without sidecars (default: on where nodes are labelled "+istio.ProxylessLabel+"=true)")
	set.Int32Var(&flags.replicas, "replicas", flags.replicas, "`number` of pods of each workload")
	set.BoolVar(&flags.autoscaling, "autoscaling", false, "let autoscalers add pods under load; needs the cluster's metrics API")
	set.StringVar(&flags.image, "image", flags.image, "`image` of the services (default: the product's own)")
	set.StringVar(&flags.controlPlane, "controlplane", "", "`name` of the control plane, where the cluster has more than one")
	set.BoolVar(&flags.dumpResources, "dump-resources", false, "print the resources as YAML instead of applying them")
	set.BoolVar(&flags.wait, "wait", flags.wait, "wait until all workloads are available")
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait")
	return cmd
}

func (f demoappFlags) wanted(services, proxyless bool) (demoapp.Wanted, error) {
	wanted := demoapp.Wanted{
		Replicas: f.replicas, Autoscaling: f.autoscaling, Image: f.image, Peer: f.peer, ControlPlane: f.controlPlane,
	}
	if proxyless {
		wanted.Proxyless = &f.proxyless
	}
	if f.replicas < 0 {
		return wanted, usageErrorf("--replicas must not be negative")
	}
	if services {
		components, err := demoapp.ParseComponents(f.services)
		if err != nil {
			return wanted, usageErrorf("%w", err)
		}
		wanted.Components = components
	}
	return wanted, nil
}

func runDemoappInstall(ctx context.Context, app *App, wanted demoapp.Wanted, flags demoappFlags) error {
	demo, err := app.demoapp(ctx)
	if err != nil {
		return err
	}
	if flags.dumpResources {
		return dumpDemoapp(ctx, app, demo, wanted)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not available within %s", flags.timeout))
	defer cancel()
	installed, err := installDemoapp(ctx, app.Progress(ctx), demo, wanted, flags.wait, app.follow)
	if err != nil {
		return err
	}
	if app.Output != FormatTable {
		return app.Print(installed, Table{})
	}
	fmt.Fprintf(app.Out, "%s demo application installed namespace=%s, control plane=%s\n",
		app.painter(app.Out).done(), installed.Namespace, installed.ControlPlane)
	return nil
}

func dumpDemoapp(ctx context.Context, app *App, demo *demoapp.Application, wanted demoapp.Wanted) error {
	prepared, err := demo.Prepare(ctx, wanted)
	if err != nil {
		return err
	}
	objects, err := demo.Objects(ctx, prepared)
	if err != nil {
		return err
	}
	return dumpObjects(app, objects)
}

// demoInstallation is what `smm demoapp install` prints when it is done.
type demoInstallation struct {
	Namespace    string `json:"namespace"`
	ControlPlane string `json:"controlPlane"`
}

// follow has the control plane of the chosen cluster follow what was done to a namespace.
type follow func(ctx context.Context, namespace string, watch attach.Watch) error

// alone is follow in a cluster that has just got its mesh and has no peers.
func alone(context.Context, string, attach.Watch) error { return nil }

// installDemoapp installs the demo application on one cluster and shows how far it is.
func installDemoapp(ctx context.Context, progress *Progress, demo *demoapp.Application, wanted demoapp.Wanted, wait bool, follow follow) (demoInstallation, error) {
	step := progress.Step("Installing the demo application")
	prepared, err := demo.Prepare(ctx, wanted)
	if err == nil {
		err = demo.Install(ctx, prepared)
	}
	if err == nil {
		err = follow(ctx, demoapp.DefaultNamespace, step.Update)
	}
	if err == nil && wait {
		err = demo.Wait(ctx, demoapp.DefaultNamespace, step.Update)
	}
	if err != nil {
		step.Fail(err)
		return demoInstallation{}, err
	}
	if wait {
		step.Done("all workloads are available")
	} else {
		step.Done("its pods are starting")
	}
	return demoInstallation{Namespace: demoapp.DefaultNamespace, ControlPlane: prepared.Revision}, nil
}

func newDemoappUninstallCommand(app *App) *cobra.Command {
	timeout := defaultDemoTimeout
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the demo application",
		Long: `Removes the demo application, and its namespace if 'smm demoapp install' made it and nothing else runs in it.
Objects that others made in a namespace of their own are kept.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemoappUninstall(cmd.Context(), app, timeout)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until everything is gone")
	return cmd
}

func runDemoappUninstall(ctx context.Context, app *App, timeout time.Duration) error {
	demo, err := app.demoapp(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not removed within %s", timeout))
	defer cancel()
	removal, err := uninstallDemoapp(ctx, app.Progress(ctx), demo)
	if err != nil {
		return err
	}
	if app.Output != FormatTable {
		return app.Print(removal, Table{})
	}
	for _, kept := range removal.Kept {
		fmt.Fprintf(app.Out, "kept %s\n", kept)
	}
	return nil
}

// uninstallDemoapp removes the demo application and shows how far it is.
func uninstallDemoapp(ctx context.Context, progress *Progress, demo *demoapp.Application) (demoapp.Removal, error) {
	step := progress.Step("Removing the demo application")
	removal, err := demo.Uninstall(ctx, demoapp.DefaultNamespace, step.Update)
	switch {
	case err != nil:
		step.Fail(errStopped)
	case removal.Objects == 0:
		step.Done("it is not installed")
	default:
		step.Done("removed")
	}
	return removal, err
}

// follow does in the chosen cluster what an operator does by itself, where there is none.
func (a *App) follow(ctx context.Context, namespace string, watch attach.Watch) error {
	c, err := a.cluster(ctx)
	if err != nil {
		return err
	}
	if found, err := installation.Find(ctx, c.Client); err != nil || found != nil {
		return err
	}
	return attach.Follow(ctx, c, namespace, watch)
}

// demoapp connects to the demo application of the chosen cluster.
func (a *App) demoapp(ctx context.Context) (*demoapp.Application, error) {
	config, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return demoapp.New(config)
}
