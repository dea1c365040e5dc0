package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/revision"
	"github.com/meshmanager/smm/internal/revision/census"
)

const istioRevisionsLong = `Shows the cluster's control planes and who uses each: the namespaces whose new pods it injects, and the workloads
and proxies that are attached to it. A control plane is in use while anything would miss it: a namespace's label, a
pod that has not run to its end, a gateway, a machine that is connected, or a revision tag. A proxy that does not say
who serves it counts for every control plane. CONNECTED is how many proxies its istiods say are connected to them now;
it is left out where they cannot be asked.

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
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	c, err := newClient(config)
	if err != nil {
		return err
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
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
		plane, documented := istio.ParseRevisionLabel(summaries[i].ControlPlane)
		if !documented {
			continue // it does not exist
		}
		// The user may have no right to ask; who is attached is known without.
		if connected, err := census.Connected(ctx, clientset, plane); err == nil {
			summaries[i] = summaries[i].WithConnected(connected)
		} else {
			app.Log.Info("the proxies that are connected are not known", "controlPlane", plane.Label(), "error", err)
		}
	}
	return app.Print(summaries, revisionTable(summaries))
}

func revisionTable(summaries []revision.Summary) Table {
	table := Table{Columns: []string{"CONTROL PLANE", "VERSION", "STATUS", "NAMESPACES", "WORKLOADS", "PROXIES", "CONNECTED", "IN USE"}}
	for _, s := range summaries {
		inUse, connected := "no", ""
		if s.InUse {
			inUse = "yes"
		}
		if s.Connected != nil {
			connected = strconv.Itoa(*s.Connected)
		}
		table.Add(s.ControlPlane, s.Version, s.Status, len(s.Namespaces), len(s.Workloads), len(s.Pods)+len(s.Machines), connected, inUse)
	}
	return table
}
