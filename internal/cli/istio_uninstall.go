package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/injection"
	"github.com/meshmanager/smm/internal/platform"
)

const istioUninstallLong = `Removes one control plane of a mesh that goes on with another one: the last step of an upgrade. It is refused while
anybody uses the control plane, which 'smm istio revisions' shows.

With --force it is removed all the same. Proxies that it serves go on with the configuration that they have, until their
certificates expire a day later at the most, and pods that it would inject start without a proxy.`

func newIstioUninstallCommand(app *App) *cobra.Command {
	force, timeout := false, defaultInstallTimeout
	cmd := &cobra.Command{
		Use:     "uninstall <control plane>",
		Short:   "Remove a control plane that nobody uses any more",
		Long:    istioUninstallLong,
		Example: "  smm istio uninstall cp-v130x",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runIstioUninstall(cmd.Context(), app, args[0], force, timeout)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove it although it is in use")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until it is gone")
	return cmd
}

func runIstioUninstall(ctx context.Context, app *App, name string, force bool, timeout time.Duration) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	c, err := newClient(config)
	if err != nil {
		return err
	}
	planes, err := injection.ControlPlanes(ctx, c)
	if err != nil {
		return err
	}
	plane, err := injection.Choose(planes, name)
	if err != nil {
		return err
	}
	if err := app.Confirm(ctx, fmt.Sprintf("Remove control plane %s from the cluster at %s?", plane.Label(), config.Host)); err != nil {
		return err
	}
	installer, err := newRemover(ctx, app, config, force)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not removed within %s", timeout))
	defer cancel()
	step := app.Progress(ctx).Step("Removing control plane " + plane.Name)
	if err := installer.RemoveControlPlane(ctx, plane, step.Update); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done("removed")
	if app.Output != FormatTable {
		return app.Print(removedControlPlane{plane.Label()}, Table{})
	}
	fmt.Fprintf(app.Out, "%s control plane removed control plane=%s\n", app.painter(app.Out).done(), plane.Label())
	return nil
}

// newRemover returns an installer that removes control planes: itself, or through the cluster's operator where there is
// one. With force, it removes those that are in use too.
func newRemover(ctx context.Context, app *App, config *rest.Config, force bool) (*platform.Installer, error) {
	installer, err := newInstaller(app, config)
	if err != nil {
		return nil, err
	}
	if installer, err = leftToOperator(ctx, config, installer); err != nil {
		return nil, err
	}
	if force {
		installer = installer.Forced()
	}
	return installer, nil
}

// removedControlPlane is what `smm istio uninstall` prints when it is done.
type removedControlPlane struct {
	ControlPlane string `json:"controlPlane"`
}
