package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/platform"
)

const reconcileLong = `Brings the cluster to what a ControlPlane says and waits until it is reached: one round of what the operator does
on events, run from here. Without --from-file it works on the ControlPlane that is on the cluster.`

func newReconcileCommand(app *App) *cobra.Command {
	file := ""
	timeout := defaultInstallTimeout
	cmd := &cobra.Command{
		Use:     "reconcile",
		Short:   "Bring the cluster to what a ControlPlane says",
		Long:    reconcileLong,
		Example: "  smm reconcile --from-file control-plane.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runReconcile(cmd.Context(), app, file, timeout)
		},
	}
	cmd.Flags().StringVar(&file, "from-file", "", "`file` with the ControlPlane to apply first")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until everything is available")
	return cmd
}

func runReconcile(ctx context.Context, app *App, file string, timeout time.Duration) error {
	var document []byte
	if file != "" {
		var err error
		if document, err = os.ReadFile(file); err != nil {
			return fmt.Errorf("--from-file: %w", err)
		}
	}
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	installer, err := newInstaller(config, app.Log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not available within %s", timeout))
	defer cancel()
	progress := app.Progress(ctx)
	step := progress.Step("Reconciling")
	components := newComponentProgress(progress, step)
	if err := reconcileDocument(ctx, installer, document, components.show); err != nil {
		components.fail()
		return err
	}
	components.done("everything is as the ControlPlane says")
	return nil
}

// reconcileDocument applies a ControlPlane, if there is one, and reconciles.
func reconcileDocument(ctx context.Context, installer *platform.Installer, document []byte, watch platform.Watch) error {
	if document == nil {
		return installer.Reconcile(ctx, platform.ControlPlaneName, watch)
	}
	cp, err := platform.ReadControlPlane(document)
	if err != nil {
		return fmt.Errorf("--from-file: %w", err)
	}
	prepared, err := installer.PrepareControlPlane(ctx, cp)
	if err != nil {
		return err
	}
	return prepared.Install(ctx, watch)
}
