package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/meshplan"
	"github.com/meshmanager/smm/internal/meshplan/creation"
)

func newMeshCommand(app *App) *cobra.Command {
	return newCommandGroup("mesh", "Create, show and delete meshes",
		newMeshCreateCommand(app), newMeshListCommand(app), newMeshGetCommand(app), newMeshDeleteCommand(app))
}

func newMeshListCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "Show the meshes of the cluster",
		Example: "  smm mesh list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			meshes, err := creation.List(cmd.Context(), c)
			if err != nil {
				return err
			}
			return app.Print(meshes, meshTable(meshes))
		},
	}
}

func newMeshGetCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "get <name>",
		Short:   "Show one mesh",
		Example: "  smm mesh get shop -o yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := app.Client(cmd.Context())
			if err != nil {
				return err
			}
			mesh, err := creation.Get(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return app.Print(mesh, meshTable([]meshplan.Mesh{mesh}))
		},
	}
}

func meshTable(meshes []meshplan.Mesh) Table {
	table := Table{Columns: []string{"NAME", "STATUS", "VERSION", "CONTROL PLANES", "CLUSTERS", "NAMESPACES", "MESSAGE"}}
	for _, m := range meshes {
		table.Add(m.Name, m.Status, m.Version, strings.Join(m.ControlPlanes, ","), strings.Join(m.Clusters, ","), strings.Join(m.Namespaces, ","), m.Message)
	}
	return table
}

func newMeshDeleteCommand(app *App) *cobra.Command {
	force, timeout := false, defaultInstallTimeout
	cmd := &cobra.Command{
		Use:   "delete <name>",
		Short: "Delete a mesh that nobody uses any more",
		Long: `Removes the control planes of the mesh, its settings, and the label istio=master of its nodes. It is refused while
workloads use the mesh, unless --force is given: their proxies go on with what they know until their certificates expire.`,
		Example: "  smm mesh delete shop",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMeshDelete(cmd.Context(), app, args[0], force, timeout)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "delete it although it is in use")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until it is gone")
	return cmd
}

func runMeshDelete(ctx context.Context, app *App, name string, force bool, timeout time.Duration) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	c, err := newClient(config)
	if err != nil {
		return err
	}
	mesh, err := creation.Get(ctx, c, name)
	if err != nil {
		return err
	}
	planes, err := creation.Removable(ctx, c, mesh)
	if err != nil {
		return err
	}
	if err := app.Confirm(ctx, fmt.Sprintf("Delete mesh %s from the cluster at %s?", name, config.Host)); err != nil {
		return err
	}
	installer, err := newRemover(ctx, app, config, force)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not deleted within %s", timeout))
	defer cancel()
	step := app.Progress(ctx).Step("Deleting mesh " + name)
	for _, plane := range planes {
		if err := installer.RemoveControlPlane(ctx, plane, step.Update); err != nil {
			step.Fail(errStopped)
			return err
		}
	}
	if err := creation.Forget(ctx, c, name); err != nil {
		step.Fail(errStopped)
		return err
	}
	step.Done("deleted")
	mesh.Status = meshplan.Deleting
	if app.Output != FormatTable {
		return app.Print(mesh, Table{})
	}
	fmt.Fprintf(app.Out, "%s mesh deleted name=%s\n", app.painter(app.Out).done(), name)
	return nil
}
