package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/platform"
)

const reconcileLong = `Brings the cluster to what a ControlPlane says and waits until it is reached: one round of what the operator does
on events, run from here. Without --from-file it works on the ControlPlane that is on the cluster.`

func newReconcileCommand(app *App) *cobra.Command {
	flags := reconcileFlags{timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:     "reconcile",
		Short:   "Bring the cluster to what a ControlPlane says",
		Long:    reconcileLong,
		Example: "  smm reconcile --from-file control-plane.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runReconcile(cmd.Context(), app, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.file, "from-file", "", "`file` with the ControlPlane to apply first")
	addChartSourceFlag(set, &flags.chartSources)
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait until everything is available")
	return cmd
}

// reconcileFlags are the flags of `smm reconcile`.
type reconcileFlags struct {
	file         string
	chartSources []string
	timeout      time.Duration
}

func runReconcile(ctx context.Context, app *App, flags reconcileFlags) error {
	sources, err := readChartSources(flags.chartSources)
	if err != nil {
		return err
	}
	cp, err := readControlPlane(flags.file)
	if err != nil {
		return err
	}
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	if err := refuseWhenOperated(ctx, config); err != nil {
		return err
	}
	installer, err := newInstaller(app, config, sources...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not available within %s", flags.timeout))
	defer cancel()
	progress := app.Progress(ctx)
	step := progress.Step("Reconciling")
	components := newComponentProgress(progress, step)
	if err := reconcileControlPlane(ctx, installer, cp, components.show); err != nil {
		components.fail()
		return err
	}
	components.done("everything is as the ControlPlane says")
	return nil
}

// readControlPlane reads the ControlPlane of --from-file, nil when the flag is not given.
func readControlPlane(file string) (*smmv1alpha1.ControlPlane, error) {
	if file == "" {
		return nil, nil
	}
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--from-file: %w", err)
	}
	cp, err := platform.ReadControlPlane(document)
	if err != nil {
		return nil, fmt.Errorf("--from-file: %w", err)
	}
	return cp, nil
}

// reconcileControlPlane applies a ControlPlane, if there is one, and reconciles.
func reconcileControlPlane(ctx context.Context, installer *platform.Installer, cp *smmv1alpha1.ControlPlane, watch platform.Watch) error {
	if cp == nil {
		return installer.Reconcile(ctx, platform.ControlPlaneName, watch)
	}
	prepared, err := installer.PrepareControlPlane(ctx, cp)
	if err != nil {
		return err
	}
	return prepared.Install(ctx, watch)
}
