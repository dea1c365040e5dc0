package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/operator/installation"
	"github.com/meshmanager/smm/internal/platform"
)

const operatorUninstallLong = `Removes the operator that 'smm operator install' made. The mesh and its ControlPlane stay as they are, and the commands
install, uninstall and reconcile work on them again.

With -a the operator first removes the demo application and everything that the ControlPlane asks for, as 'smm uninstall
-a' does. Kept are the custom resource definitions, the namespace of the operator, in which credentials of registries may
be, namespaces that were there before or hold other workloads, and the Cluster of the cluster registry.`

// operatorUninstallFlags are the flags of `smm operator uninstall`.
type operatorUninstallFlags struct {
	all, force bool
	namespace  string
	timeout    time.Duration
}

func newOperatorUninstallCommand(app *App) *cobra.Command {
	flags := operatorUninstallFlags{namespace: chart.Namespace, timeout: defaultInstallTimeout}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the operator, and with -a the mesh before it",
		Long:  operatorUninstallLong,
		Example: `  smm operator uninstall       the mesh goes on without an operator
  smm operator uninstall -a    remove the mesh too`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.force && !flags.all {
				return usageErrorf("--force is about removing the mesh: give it with -a")
			}
			return runOperatorUninstall(cmd.Context(), app, flags)
		},
	}
	set := cmd.Flags()
	set.BoolVarP(&flags.all, "all", "a", false, "have the operator remove the mesh first")
	set.BoolVar(&flags.force, "force", false, "remove the control plane although workloads use it")
	set.StringVar(&flags.namespace, "namespace", flags.namespace, "`namespace` of the operator")
	set.DurationVar(&flags.timeout, "timeout", flags.timeout, "how long to wait until everything is gone")
	return cmd
}

// operatorRemoval is what `smm operator uninstall` prints when it is done.
type operatorRemoval struct {
	platform.Kept

	// OperatorNamespace is kept, with what may be in it.
	OperatorNamespace string `json:"operatorNamespace"`
	// ControlPlane goes on without an operator.
	ControlPlane string `json:"controlPlane,omitempty"`
}

func (r operatorRemoval) lines() []string {
	lines := append(r.Lines(), "the operator's namespace, in which credentials of registries may be: "+r.OperatorNamespace)
	if r.ControlPlane != "" {
		lines = append(lines, "the mesh of ControlPlane "+r.ControlPlane+", as it is")
	}
	return lines
}

func runOperatorUninstall(ctx context.Context, app *App, flags operatorUninstallFlags) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	operator, err := newOperatorInstaller(app, config)
	if err != nil {
		return err
	}
	if err := operator.Removable(ctx, flags.namespace); err != nil {
		return err
	}
	mesh, err := newInstaller(app, config)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Remove the operator from the cluster at %s? The mesh goes on without it.", config.Host)
	if flags.all {
		question = fmt.Sprintf("Remove Istio, Service Mesh Manager, the demo application and the operator from the cluster at %s?", config.Host)
		mesh, err = confirmRemoval(ctx, app, mesh.Operated(), question, flags.force)
	} else {
		err = app.Confirm(ctx, question)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, flags.timeout, fmt.Errorf("not removed within %s", flags.timeout))
	defer cancel()
	progress := app.Progress(ctx)
	removal := operatorRemoval{OperatorNamespace: flags.namespace}
	if flags.all {
		if removal.Kept, _, err = removeMesh(ctx, progress, config, mesh); err != nil {
			return err
		}
	} else if installed, err := mesh.Installed(ctx, platform.ControlPlaneName); err != nil {
		return err
	} else if installed {
		removal.ControlPlane = platform.ControlPlaneName
	}
	if err := removeOperator(ctx, progress, operator, flags.namespace); err != nil {
		return err
	}
	return printKept(app, removal, removal.lines())
}

func removeOperator(ctx context.Context, progress *Progress, operator *installation.Installer, namespace string) error {
	step := progress.Step("Removing the operator")
	if err := operator.Uninstall(ctx, namespace, step.Update); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done("removed")
	return nil
}
