package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/meshmanager/smm/internal/revision"
	"github.com/meshmanager/smm/internal/revision/census"
)

const istioRevisionsLong = `Shows the cluster's control planes and who uses each: the namespaces whose new pods it injects, and the workloads
and proxies that are attached to it. A control plane is in use while anything would miss it: a namespace's label, a
pod that has not run to its end, a gateway, a machine that is connected, or a revision tag. A proxy that does not say
who serves it counts for every control plane.

A control plane that does not exist although proxies are attached to it is shown as Missing. -o json names everything.`

func newIstioRevisionsCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:     "revisions",
		Short:   "Show the control planes and who uses each",
		Long:    istioRevisionsLong,
		Example: "  smm istio revisions",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runIstioRevisions(cmd.Context(), app)
		},
	}
}

func runIstioRevisions(ctx context.Context, app *App) error {
	c, err := app.Client(ctx)
	if err != nil {
		return err
	}
	cluster, err := census.Take(ctx, c)
	if err != nil {
		return err
	}
	summaries := cluster.Summaries()
	catalogue := app.releases(c)
	for i := range summaries {
		// An IstioControlPlane may name a release line; what runs is its newest release.
		if version, err := catalogue.Version(ctx, summaries[i].Version); err == nil && summaries[i].Status != revision.Missing {
			summaries[i].Version = version
		}
	}
	return app.Print(summaries, revisionTable(summaries))
}

func revisionTable(summaries []revision.Summary) Table {
	table := Table{Columns: []string{"CONTROL PLANE", "VERSION", "STATUS", "NAMESPACES", "WORKLOADS", "PROXIES", "IN USE"}}
	for _, s := range summaries {
		inUse := "no"
		if s.InUse {
			inUse = "yes"
		}
		table.Add(s.ControlPlane, s.Version, s.Status, len(s.Namespaces), len(s.Workloads), len(s.Pods)+len(s.Machines), inUse)
	}
	return table
}
