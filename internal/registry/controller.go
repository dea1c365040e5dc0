package registry

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	// ControllerName is the name of the controller's Deployment, ServiceAccount and Lease.
	ControllerName = "cluster-registry-controller"

	// DefaultNamespace is where the controller and the clusters' credentials are, unless told otherwise.
	DefaultNamespace = "cluster-registry"

	localQPS, localBurst = 100, 200
	peerQPS, peerBurst   = 50, 100
)

// Options are the settings of a controller.
type Options struct {
	// ClusterName is the name of the Cluster that is made for this cluster, if there is none; "" to make none.
	ClusterName string
	// Namespace holds the credentials.
	Namespace string
	// Network is the network that this cluster reaches others from, by which their endpoints are chosen.
	Network string
	// APIServerAddress is where peers reach this cluster's API server; "" for what it advertises.
	APIServerAddress string
	// HealthAddress serves /healthz and /readyz, such as :8081. "" for none.
	HealthAddress string
	// MetricsAddress serves /metrics, such as :8080. "" for none.
	MetricsAddress string
	// LeaderElection has only one of several instances act.
	LeaderElection bool
	// Pairs sees more of peers than the registry does itself; nil for nothing more.
	Pairs Pairs
	Log   *slog.Logger
}

// New returns the controller of the cluster that the configuration is for. Its Start runs it until the context ends.
func New(ctx context.Context, config *rest.Config, options Options) (manager.Manager, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = localQPS, localBurst
	local, err := connectLocal(ctx, config)
	if err != nil {
		return nil, err
	}
	metrics := options.MetricsAddress
	if metrics == "" {
		metrics = "0" // controller-runtime's word for none
	}
	credentials := fields.OneTermEqualSelector("type", string(v1alpha1.SecretTypeClusterRegistry))
	m, err := manager.New(config, manager.Options{
		Scheme:                        scheme,
		Logger:                        logr.FromSlogHandler(options.Log.Handler()),
		LeaderElection:                options.LeaderElection,
		LeaderElectionID:              ControllerName,
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		HealthProbeBindAddress:        options.HealthAddress,
		Metrics:                       metricsserver.Options{BindAddress: metrics},
		Cache:                         cache.Options{ByObject: map[client.Object]cache.ByObject{&corev1.Secret{}: {Field: credentials}}},
	})
	if err != nil {
		return nil, fmt.Errorf("set up the cluster registry: %w", err)
	}
	if err := add(m, local, options); err != nil {
		return nil, fmt.Errorf("set up the controller of Clusters: %w", err)
	}
	if err := m.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("set up the health check: %w", err)
	}
	if err := m.AddReadyzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("set up the readiness check: %w", err)
	}
	return m, nil
}

func connectLocal(ctx context.Context, config *rest.Config) (*localCluster, error) {
	access, err := newCluster(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	id, err := readClusterID(ctx, access)
	if err != nil {
		return nil, err
	}
	return &localCluster{id: id, api: access, config: config}, nil
}

// add has the manager run the directory on events, and what copies objects beside it.
func add(m manager.Manager, local *localCluster, options Options) error {
	events := make(chan event.GenericEvent, 1)
	changed := func() {
		select {
		case events <- event.GenericEvent{Object: &v1alpha1.Cluster{}}:
		default: // a round is asked for already
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &directory{
		client: m.GetClient(), applier: kube.NewApplier(m.GetClient()).LogTo(options.Log),
		options: options, log: options.Log, local: local, changed: changed, now: time.Now,
		syncer: newSyncer(ctx, local.api, local.id, options.Log, changed),
	}
	changed() // the first round needs no event: a new cluster may have nothing to tell of
	err := m.Add(manager.RunnableFunc(func(running context.Context) error {
		defer stop()
		defer d.stop()
		d.syncer.run(running)
		return nil
	}))
	if err != nil {
		return err
	}
	if options.Pairs != nil {
		observe := func(running context.Context) error {
			options.Pairs.Run(running, m.GetClient(), changed)
			return nil
		}
		if err := m.Add(manager.RunnableFunc(observe)); err != nil {
			return err
		}
	}
	// One round looks at everything, so that any event asks for the same one.
	whole := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{}}
	})
	return builder.ControllerManagedBy(m).
		Named("cluster-registry").
		Watches(&v1alpha1.Cluster{}, whole).
		Watches(&v1alpha1.ResourceSyncRule{}, whole).
		Watches(&v1alpha1.ClusterFeature{}, whole).
		Watches(&corev1.Secret{}, whole).
		Watches(&corev1.Node{}, whole, builder.WithPredicates(nodeFacts())).
		WatchesRawSource(source.Channel(events, whole)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, SkipNameValidation: new(true)}).
		Complete(d)
}
