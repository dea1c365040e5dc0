package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	clusterregistryv1alpha1 "github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/peering/pairwatch"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/registry"
)

func newClusterRegistryCommand(app *App) *cobra.Command {
	options := registry.Options{Namespace: registry.DefaultNamespace, HealthAddress: ":8081", MetricsAddress: ":8080", LeaderElection: true}
	dump, image := false, registry.DefaultImage
	cmd := &cobra.Command{
		Use:   "cluster-registry",
		Short: "Run the cluster registry's controller until it is stopped",
		Long: `Keeps the clusters of a group known to each other and copies resources between them, as ResourceSyncRules say. One runs
in each cluster: it writes only there and reads only from the others. It runs in a pod with the rights of its service
account, or anywhere with a kubeconfig. --dump-resources prints what it takes to run it in the cluster.`,
		Example: `  smm operator cluster-registry --cluster-name prod-eu --dump-resources | kubectl apply --server-side -f -
  smm operator cluster-registry --cluster-name prod-eu`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dump {
				return dumpClusterRegistry(app, options, image)
			}
			return runClusterRegistry(cmd.Context(), app, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Namespace, "namespace", options.Namespace, "`namespace` of the clusters' credentials")
	flags.StringVar(&options.ClusterName, "cluster-name", "", "`name` of the Cluster to make for this cluster, if there is none")
	flags.StringVar(&options.Network, "network-name", "", "`name` of the network that this cluster reaches others from")
	flags.StringVar(&options.APIServerAddress, "api-server-endpoint-address", "", "`address` where others reach this cluster's API server (default: what it advertises)")
	flags.BoolVar(&dump, "dump-resources", false, "print the resources that run it in the cluster as YAML, and end")
	flags.StringVar(&image, "image", image, "`image` of the program in those resources")
	flags.StringVar(&options.HealthAddress, "health-address", options.HealthAddress, "`address` of /healthz and /readyz")
	flags.StringVar(&options.MetricsAddress, "metrics-address", options.MetricsAddress, "`address` of /metrics")
	flags.BoolVar(&options.LeaderElection, "leader-elect", options.LeaderElection, "act only while this instance leads")
	return cmd
}

func runClusterRegistry(ctx context.Context, app *App, options registry.Options) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if app.Verbose > 0 {
		level = slog.LevelDebug
	}
	options.Log = slog.New(slog.NewJSONHandler(app.Err, &slog.HandlerOptions{Level: level}))
	ctrllog.SetLogger(logr.FromSlogHandler(options.Log.Handler()))
	options.Pairs = pairwatch.New()
	m, err := registry.New(ctx, config, options)
	if err != nil {
		return err
	}
	if err := m.Start(ctx); err != nil {
		return fmt.Errorf("the cluster registry ended: %w", err)
	}
	return nil
}

// dumpClusterRegistry prints the kinds, the namespace and the objects of the cluster registry.
func dumpClusterRegistry(app *App, options registry.Options, image string) error {
	if options.ClusterName == "" {
		return usageErrorf("say what the cluster is called: --cluster-name")
	}
	definitions, err := platform.Definitions()
	if err != nil {
		return err
	}
	var objects []*unstructured.Unstructured
	for _, definition := range definitions {
		if strings.HasSuffix(definition.GetName(), "."+clusterregistryv1alpha1.GroupVersion.Group) {
			objects = append(objects, definition)
		}
	}
	namespace := &unstructured.Unstructured{}
	namespace.SetAPIVersion("v1")
	namespace.SetKind("Namespace")
	namespace.SetName(options.Namespace)
	installed, err := registry.Objects(registry.Installation{
		Namespace: options.Namespace, ClusterName: options.ClusterName, Network: options.Network,
		APIServerAddress: options.APIServerAddress, Image: image, LogDebug: app.Verbose > 0,
	})
	if err != nil {
		return err
	}
	return dumpObjects(app, append(append(objects, namespace), installed...))
}
