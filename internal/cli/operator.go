package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/operator"
	"github.com/meshmanager/smm/internal/operator/chart"
)

func newOperatorCommand(app *App) *cobra.Command {
	reconcile := newReconcileCommand(app)
	reconcile.Example = "  smm operator reconcile"
	return newCommandGroup("operator", "Reconcile continuously, on events",
		newOperatorInstallCommand(app),
		newOperatorUninstallCommand(app),
		newOperatorRunCommand(app),
		newClusterRegistryCommand(app),
		reconcile,
	)
}

func newOperatorRunCommand(app *App) *cobra.Command {
	options := operator.Options{Namespace: chart.Namespace, HealthAddress: ":8081", MetricsAddress: ":8443", MetricsSecure: true, LeaderElection: true}
	options.ChartSources.Stores.CacheDir = chartsource.DefaultCacheDir()
	var chartSources []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the operator until it is stopped; one of several instances leads",
		Long: `Watches ControlPlanes, IstioControlPlanes and IstioMeshGateways and keeps the cluster as they say. It runs in a
pod with the rights of its service account, or anywhere with a kubeconfig.`,
		Example: "  smm operator run --namespace smm-registry-access",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if options.ChartSources.Sources, err = readChartSources(chartSources); err != nil {
				return err
			}
			return runOperator(cmd.Context(), app, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Namespace, "namespace", options.Namespace, "`namespace` of the Lease by which instances agree on who leads")
	flags.StringVar(&options.HealthAddress, "health-address", options.HealthAddress, "`address` of /healthz and /readyz")
	flags.StringVar(&options.MetricsAddress, "metrics-address", options.MetricsAddress, "`address` of /metrics; empty for none")
	flags.BoolVar(&options.MetricsSecure, "metrics-secure", options.MetricsSecure, "serve metrics over HTTPS, to those who may get the URL /metrics")
	flags.StringVar(&options.APIServerAddress, "api-server-endpoint-address", "", "`address` where other clusters reach this cluster's API server (default: what it advertises)")
	flags.BoolVar(&options.LeaderElection, "leader-elect", options.LeaderElection, "act only while this instance leads")
	addChartSourceFlag(flags, &chartSources)
	flags.StringVar(&options.ChartSources.Stores.CacheDir, "chart-cache", options.ChartSources.Stores.CacheDir,
		"`directory` in which fetched charts are kept, so that they outlive the process; \"\" for none")
	return cmd
}

func runOperator(ctx context.Context, app *App, options operator.Options) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	options.Catalogue = istio.Builtin()
	level := slog.LevelInfo
	if app.Verbose > 0 {
		level = slog.LevelDebug
	}
	options.Log = slog.New(slog.NewJSONHandler(app.Err, &slog.HandlerOptions{Level: level}))
	options.ChartSources.Stores.Log = options.Log
	ctrllog.SetLogger(logr.FromSlogHandler(options.Log.Handler()))
	m, err := operator.New(config, options)
	if err != nil {
		return err
	}
	if err := m.Start(ctx); err != nil {
		return fmt.Errorf("the operator ended: %w", err)
	}
	return nil
}
