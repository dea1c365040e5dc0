package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/releases"
)

const istioVersionsLong = `Lists the Istio versions that can be installed, where each comes from, the Kubernetes versions that it supports, and
the control planes of the cluster that run it. Of the versions of a chart source it lists the newest of each line and
those that run, unless --all is given. Without a cluster it lists what can be installed.`

func newIstioVersionsCommand(app *App) *cobra.Command {
	var chartSources []string
	all := false
	cmd := &cobra.Command{
		Use:   "versions",
		Short: "List the Istio versions that can be installed",
		Long:  istioVersionsLong,
		Example: `  smm istio versions
  smm istio versions --chart-source https://charts.example.com/istio --all -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runIstioVersions(cmd.Context(), app, chartSources, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list all versions of chart sources, pre-releases too")
	addChartSourceFlag(cmd.Flags(), &chartSources)
	return cmd
}

// istioVersion is one line of `smm istio versions`.
type istioVersion struct {
	Version    string `json:"version"`
	Source     string `json:"source"`
	SourceURL  string `json:"sourceURL,omitempty"`
	Kubernetes string `json:"kubernetes"`
	// ControlPlanes are those that run the version, as namespaces select them: <name>.<namespace>.
	ControlPlanes []string `json:"controlPlanes,omitempty"`
}

func runIstioVersions(ctx context.Context, app *App, chartSources []string, all bool) error {
	sources, err := readChartSources(chartSources)
	if err != nil {
		return err
	}
	c, controlPlanes, err := installedControlPlanes(ctx, app)
	if err != nil {
		app.warn("what the cluster has is not shown: %s", oneLine(err))
	}
	options := app.releaseOptions(c, sources...)
	options.Stores.Limits.Recheck = 0 // whoever asks wants to know what there is now
	catalogue := releases.New(options)
	listed, problems, err := catalogue.List(ctx)
	if err != nil {
		return err
	}
	for _, problem := range problems {
		app.warn("%s", sourceWarning(problem))
	}
	versions := istioVersions(listed, runningVersions(ctx, catalogue, controlPlanes), all)
	table := Table{Columns: []string{"VERSION", "SOURCE", "KUBERNETES", "CONTROL PLANES"}}
	for _, v := range versions {
		table.Add(v.Version, v.Source, v.Kubernetes, strings.Join(v.ControlPlanes, ", "))
	}
	return app.Print(versions, table)
}

func sourceWarning(source istio.Source) string {
	if source.Copied.IsZero() {
		return source.Problem
	}
	return fmt.Sprintf("%s; what is shown of it is the copy of %s", source.Problem, source.Copied.UTC().Format(time.RFC3339))
}

// runningVersions tells which control planes run a version. One whose version nobody can tell runs none.
func runningVersions(ctx context.Context, catalogue *releases.Catalogue, controlPlanes []servicemeshv1alpha1.IstioControlPlane) map[string][]string {
	running := map[string][]string{}
	for _, icp := range controlPlanes {
		if version, err := catalogue.Version(ctx, icp.Spec.Version); err == nil {
			label := istio.Revision{Name: icp.Name, Namespace: icp.Namespace}.Label()
			running[version] = append(running[version], label)
		}
	}
	return running
}

// istioVersions joins what can be installed with what is, in the same order.
func istioVersions(listed []releases.Listed, running map[string][]string, all bool) []istioVersion {
	var known []string
	for _, l := range listed {
		known = append(known, l.Version)
	}
	versions := []istioVersion{}
	for _, l := range listed {
		newest, _ := istio.NewestOfLine(known, istio.LineOf(l.Version))
		if !all && !l.Source.BuiltIn() && len(running[l.Version]) == 0 && l.Version != newest {
			continue
		}
		name := l.Source.Name
		if l.Source.BuiltIn() {
			name = l.Source.String()
		}
		versions = append(versions, istioVersion{
			Version: l.Version, Source: name, SourceURL: l.Source.URL, Kubernetes: l.Kubernetes, ControlPlanes: running[l.Version],
		})
	}
	return versions
}

// installedControlPlanes lists the control planes of the cluster, and returns the client to it: none where the product
// is not installed.
func installedControlPlanes(ctx context.Context, app *App) (client.Client, []servicemeshv1alpha1.IstioControlPlane, error) {
	c, err := app.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	var list servicemeshv1alpha1.IstioControlPlaneList
	err = c.List(ctx, &list)
	if meta.IsNoMatchError(err) {
		return c, nil, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return c, nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	return c, list.Items, nil
}
