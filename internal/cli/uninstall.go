package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/demoapp"
	"github.com/meshmanager/smm/internal/platform"
)

const uninstallLong = `Removes what 'smm install' and 'smm demoapp install' made, in the right order: the demo application, the control
plane with its webhooks, then the namespaces that are empty. Custom resource definitions are kept, because with them every Istio resource of the cluster would go;
namespaces that were there before or hold other workloads are kept too. What is kept is said at the end.

While proxies of other workloads are attached to the control plane it asks, or without a terminal refuses. With --force it goes
on: those proxies keep the configuration that they have, until their certificates expire a day later at the most.

The signing key of istiod's own certificate authority lives in Istio's namespace and goes with it.`

func newUninstallCommand(app *App) *cobra.Command {
	all, force := false, false
	timeout := defaultInstallTimeout
	cmd := &cobra.Command{
		Use:     "uninstall -a",
		Short:   "Remove Istio and Service Mesh Manager from the cluster",
		Long:    uninstallLong,
		Example: "  smm uninstall -a",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !all {
				return usageErrorf("say what to remove: -a removes all components")
			}
			return runUninstall(cmd.Context(), app, force, timeout)
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "remove all components")
	cmd.Flags().BoolVar(&force, "force", false, "remove the control plane although workloads use it")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until everything is gone")
	return cmd
}

func runUninstall(ctx context.Context, app *App, force bool, timeout time.Duration) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	installer, err := newInstaller(app, config)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Remove Istio, Service Mesh Manager and the demo application from the cluster at %s?", config.Host)
	if !force {
		var used *platform.InUseError
		switch err := installer.InUse(ctx, platform.ControlPlaneName, demoapp.DefaultNamespace); {
		case errors.As(err, &used) && app.Interactive():
			question = fmt.Sprintf("Control plane %s is in use by %s.\n%s", used.Revision.Label(), used.Usage, question)
			force = true
		case err != nil:
			return err
		}
	}
	if err := app.Confirm(ctx, question); err != nil {
		return err
	}
	if force {
		installer = installer.Forced()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not removed within %s", timeout))
	defer cancel()
	progress := app.Progress(ctx)
	demo, err := demoapp.New(config)
	if err != nil {
		return err
	}
	// Its workloads need the mesh to stop cleanly, and would go on without one.
	if _, err := uninstallDemoapp(ctx, progress, demo); err != nil {
		return err
	}
	step := progress.Step("Removing Service Mesh Manager")
	components := newComponentProgress(progress, step)
	kept, found, err := installer.Uninstall(ctx, platform.ControlPlaneName, components.show)
	if err != nil {
		components.fail()
		return err
	}
	if !found {
		step.Done("nothing is installed")
		return nil
	}
	components.done("removed")
	table := Table{Columns: []string{"KEPT"}}
	for _, line := range kept.Lines() {
		table.Add(line)
	}
	return app.Print(kept, table)
}
