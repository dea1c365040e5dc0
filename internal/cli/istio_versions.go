package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

const istioVersionsLong = `Lists the Istio versions that can be installed, where each comes from, the Kubernetes versions that it supports, and
the control planes of the cluster that run it. Without a cluster it lists what can be installed.`

func newIstioVersionsCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "versions",
		Short: "List the Istio versions that can be installed",
		Long:  istioVersionsLong,
		Example: `  smm istio versions
  smm istio versions -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runIstioVersions(cmd.Context(), app)
		},
	}
}

// istioVersion is one line of `smm istio versions`.
type istioVersion struct {
	Version    string `json:"version"`
	Source     string `json:"source"`
	Kubernetes string `json:"kubernetes"`
	// ControlPlanes are those that run the version, as namespaces select them: <name>.<namespace>.
	ControlPlanes []string `json:"controlPlanes,omitempty"`
}

func runIstioVersions(ctx context.Context, app *App) error {
	controlPlanes, err := installedControlPlanes(ctx, app)
	if err != nil {
		fmt.Fprintf(app.Err, "%s what is installed is not shown: %s\n", app.painter(app.Err).warning(), oneLine(err))
	}
	versions := istioVersions(istio.Builtin(), controlPlanes)
	table := Table{Columns: []string{"VERSION", "SOURCE", "KUBERNETES", "CONTROL PLANES"}}
	for _, v := range versions {
		table.Add(v.Version, v.Source, v.Kubernetes, strings.Join(v.ControlPlanes, ", "))
	}
	return app.Print(versions, table)
}

// istioVersions joins what can be installed with what is, newest version first.
func istioVersions(catalogue istio.Catalogue, controlPlanes []servicemeshv1alpha1.IstioControlPlane) []istioVersion {
	running := map[string][]string{}
	for _, icp := range controlPlanes {
		if release, err := catalogue.Find(icp.Spec.Version); err == nil {
			label := istio.Revision{Name: icp.Name, Namespace: icp.Namespace}.Label()
			running[release.Version] = append(running[release.Version], label)
		}
	}
	var versions []istioVersion
	for _, version := range catalogue.Versions() {
		release, err := catalogue.Find(version)
		if err != nil {
			continue // it has just been listed
		}
		versions = append(versions, istioVersion{
			Version: version, Source: "built in", Kubernetes: release.Kubernetes(), ControlPlanes: running[version],
		})
	}
	return versions
}

// installedControlPlanes lists the control planes of the cluster; none where the product is not installed.
func installedControlPlanes(ctx context.Context, app *App) ([]servicemeshv1alpha1.IstioControlPlane, error) {
	c, err := app.Client(ctx)
	if err != nil {
		return nil, err
	}
	var list servicemeshv1alpha1.IstioControlPlaneList
	err = c.List(ctx, &list)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	return list.Items, nil
}
