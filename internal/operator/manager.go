package operator

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/demoapp"
	"github.com/meshmanager/smm/internal/frontdoor/alauda"
	"github.com/meshmanager/smm/internal/frontdoor/mspider"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/platform"
)

// LeaseName is the name of the Lease by which instances agree on who leads.
const LeaseName = "smm-operator"

// shutdownGrace is how long a round that runs may take to end when the operator stops.
const shutdownGrace = 30 * time.Second

// Options are the settings of an operator.
type Options struct {
	// Namespace is where the operator runs and keeps its Lease.
	Namespace string
	// HealthAddress serves /healthz and /readyz, such as :8081. "" for none.
	HealthAddress string
	// MetricsAddress serves /metrics, such as :8443. "" for none.
	MetricsAddress string
	// MetricsSecure serves metrics over HTTPS, and only to those who may get the URL /metrics.
	MetricsSecure bool
	// APIServerAddress is where other clusters reach this cluster's API server, "" for where it says itself.
	APIServerAddress string
	// LeaderElection has only one of several instances act. Without it every instance acts.
	LeaderElection bool
	// Catalogue holds what is installed unless a version is asked for.
	Catalogue istio.Catalogue
	// ChartSources says where further releases come from, beside the sources that ControlPlanes
	// name, and where they are kept.
	ChartSources releases.Options
	Log          *slog.Logger
}

// New returns an operator for the cluster of the configuration. Its Start runs it until the
// context ends.
func New(cluster *rest.Config, options Options) (manager.Manager, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	version, err := serverVersion(cluster)
	if err != nil {
		return nil, err
	}
	grace := shutdownGrace
	m, err := manager.New(cluster, manager.Options{
		Scheme:                        scheme,
		Logger:                        logr.FromSlogHandler(options.Log.Handler()),
		LeaderElection:                options.LeaderElection,
		LeaderElectionID:              LeaseName,
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       &grace,
		HealthProbeBindAddress:        options.HealthAddress,
		Metrics:                       metricsOptions(options),
		// Operators may follow each other in one process, and their controllers have the same names.
		Controller: config.Controller{SkipNameValidation: new(true)},
		Cache:      CacheOptions(),
		Client:     ClientOptions(),
	})
	if err != nil {
		return nil, fmt.Errorf("set up the operator: %w", err)
	}
	if err := addControllers(m, options, version); err != nil {
		return nil, err
	}
	if err := m.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("set up the health check: %w", err)
	}
	if err := m.AddReadyzCheck("caches", synced(m.GetCache())); err != nil {
		return nil, fmt.Errorf("set up the readiness check: %w", err)
	}
	return m, nil
}

func addControllers(m manager.Manager, options Options, kubernetesVersion string) error {
	c := m.GetClient()
	applier := kube.NewApplier(c).LogTo(options.Log)
	catalogue := releases.New(withReaders(options.ChartSources, m))
	if err := addControlPlanes(m, telling(m, platform.NewReconciler(c, applier, options.Catalogue, options.APIServerAddress))); err != nil {
		return fmt.Errorf("set up the controller of ControlPlanes: %w", err)
	}
	if err := addIstioControlPlanes(m, telling(m, controlplane.NewReconciler(c, applier, catalogue, kubernetesVersion))); err != nil {
		return fmt.Errorf("set up the controller of IstioControlPlanes: %w", err)
	}
	if err := addIstioMeshes(m, controlplane.NewMeshReconciler(c)); err != nil {
		return fmt.Errorf("set up the controller of IstioMeshes: %w", err)
	}
	if err := AddIstioMeshGateways(m, telling(m, meshgateway.NewReconciler(c, applier, catalogue, kubernetesVersion))); err != nil {
		return fmt.Errorf("set up the controller of IstioMeshGateways: %w", err)
	}
	if err := addDemoApplications(m, telling(m, demoapp.NewReconciler(c, applier))); err != nil {
		return fmt.Errorf("set up the controller of DemoApplications: %w", err)
	}
	if err := addServiceMeshes(m, telling(m, alauda.NewReconciler(c, applier, catalogue))); err != nil {
		return fmt.Errorf("set up the controller of ServiceMeshes: %w", err)
	}
	if err := addGlobalMeshes(m, telling(m, mspider.NewReconciler(c, applier, catalogue))); err != nil {
		return fmt.Errorf("set up the controller of GlobalMeshes: %w", err)
	}
	if err := addMeshClusters(m, mspider.NewMeshClusterReconciler(c)); err != nil {
		return fmt.Errorf("set up the controller of MeshClusters: %w", err)
	}
	return nil
}

// telling has a reconciler tell in events what it put back.
func telling[T client.Object](m manager.Manager, reconciler *kube.Reconciler[T]) *kube.Reconciler[T] {
	reconciler.Events = m.GetEventRecorder(LeaseName)
	return reconciler
}

// withReaders has ControlPlanes read from the cache, and the Secrets of chart sources one by one,
// because a cache would hold those of the whole cluster.
func withReaders(options releases.Options, m manager.Manager) releases.Options {
	options.ControlPlanes, options.Secrets = m.GetClient(), m.GetAPIReader()
	options.Namespace = platform.SystemNamespace
	return options
}

func serverVersion(cluster *rest.Config) (string, error) {
	server, err := discovery.NewDiscoveryClientForConfig(cluster)
	if err != nil {
		return "", fmt.Errorf("connect to the cluster: %w", err)
	}
	version, err := server.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("read the Kubernetes version: %w", err)
	}
	return version.GitVersion, nil
}
