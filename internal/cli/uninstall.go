package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

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
	if err := refuseWhenOperated(ctx, config); err != nil {
		return err
	}
	installer, err := newInstaller(app, config)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Remove Istio, Service Mesh Manager and the demo application from the cluster at %s?", config.Host)
	if installer, err = confirmRemoval(ctx, app, installer, question, force); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not removed within %s", timeout))
	defer cancel()
	kept, found, err := removeMesh(ctx, app.Progress(ctx), config, installer)
	if err != nil || !found {
		return err
	}
	return printKept(app, kept, kept.Lines())
}

// confirmRemoval asks whether the mesh is to be removed, and says who still uses it. The Installer that it returns does
// what was confirmed.
func confirmRemoval(ctx context.Context, app *App, installer *platform.Installer, question string, force bool) (*platform.Installer, error) {
	if !force {
		var used *platform.InUseError
		switch err := installer.InUse(ctx, platform.ControlPlaneName, demoapp.DefaultNamespace); {
		case errors.As(err, &used) && app.Interactive():
			question = fmt.Sprintf("Control plane %s is in use by %s.\n%s", used.Revision.Label(), used.Usage, question)
			force = true
		case err != nil:
			return nil, err
		}
	}
	if err := app.Confirm(ctx, question); err != nil {
		return nil, err
	}
	if force {
		installer = installer.Forced()
	}
	return installer, nil
}

// removeMesh removes the demo application and the mesh. found is false when there is no mesh.
func removeMesh(ctx context.Context, progress *Progress, config *rest.Config, installer *platform.Installer) (kept platform.Kept, found bool, err error) {
	demo, err := demoapp.New(config)
	if err != nil {
		return kept, false, err
	}
	// Its workloads need the mesh to stop cleanly, and would go on without one.
	if _, err := uninstallDemoapp(ctx, progress, demo); err != nil {
		return kept, false, err
	}
	step := progress.Step("Removing Service Mesh Manager")
	components := newComponentProgress(progress, step)
	kept, found, err = installer.Uninstall(ctx, platform.ControlPlaneName, components.show)
	if err != nil {
		components.fail()
		return kept, found, err
	}
	if !found {
		step.Done("nothing is installed")
		return kept, false, nil
	}
	components.done("removed")
	return kept, true, nil
}

func printKept(app *App, kept any, lines []string) error {
	table := Table{Columns: []string{"KEPT"}}
	for _, line := range lines {
		table.Add(line)
	}
	return app.Print(kept, table)
}
