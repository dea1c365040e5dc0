package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/peers"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// serverOptions are the flags of `smm server run`.
type serverOptions struct {
	address         string
	namespace       string
	clusterName     string
	mesh            string
	anonymous       bool
	insecureCookies bool
	noHealth        bool
	admission       admissionOptions
	peers           peerOptions
	serving         servingOptions
}

func newServerCommand(app *App) *cobra.Command {
	return newCommandGroup("server", "Serve the GraphQL API", newServerRunCommand(app))
}

func newServerRunCommand(app *App) *cobra.Command {
	options := serverOptions{address: "127.0.0.1:50500", namespace: platform.SystemNamespace, mesh: platform.DefaultMeshID}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve the GraphQL API until it is stopped",
		Long: `Serves the GraphQL API at /api/graphql and its console at /api/graphql/. It reads the cluster with the rights of its
service account, or of a kubeconfig, and shows users what their own rights allow. Further clusters of the mesh are named by
--peer, or are those of the cluster registry.`,
		Example: `  smm server run --address 127.0.0.1:50500
  smm server run --peer c2=c2.yaml --peer c3=c3.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runServer(cmd.Context(), app, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.address, "address", options.address, "`address` to serve on")
	flags.StringVar(&options.namespace, "namespace", options.namespace, "`namespace` of the Secret with the keys for sign-in")
	flags.StringVar(&options.clusterName, "cluster-name", "", "`name` of the cluster in the mesh (default: the kubeconfig's)")
	flags.StringVar(&options.mesh, "mesh", options.mesh, "`name` of the mesh, for which tokens are valid")
	flags.BoolVar(&options.anonymous, "anonymous-auth", false, "let everybody act with the server's own rights, without signing in")
	flags.BoolVar(&options.insecureCookies, "insecure-cookies", false, "send session cookies without TLS too, as on 127.0.0.1")
	flags.BoolVar(&options.noHealth, "no-health", false, "do not judge the health of workloads and services")
	options.admission.register(flags)
	options.peers.register(flags)
	options.peers.registerRegistry(flags)
	options.serving.register(flags)
	return cmd
}

func runServer(ctx context.Context, app *App, options serverOptions) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	if options.clusterName == "" {
		if options.clusterName, err = clusterNameFor(app); err != nil {
			return err
		}
	}
	log := app.serverLog()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	keys, err := keyStore(ctx, config, options.namespace)
	if err != nil {
		return err
	}
	settings := session.Settings{Anonymous: options.anonymous, InsecureCookies: options.insecureCookies, Now: time.Now, Log: log}
	sessions := session.New(settings, signin.NewVerifier(config), signin.NewTokens(keys, options.mesh, time.Now))
	listener, err := net.Listen("tcp", options.address)
	if err != nil {
		return fmt.Errorf("serve on %s: %w", options.address, err)
	}
	log.InfoContext(ctx, "serving", "address", listener.Addr().String(), "cluster", options.clusterName)
	peers, err := options.peers.source(app, config)
	if err != nil {
		return err
	}
	s := site{
		app: app, config: config, cluster: options.clusterName, peers: peers, options: options.serving, sessions: sessions, withoutHealth: options.noHealth,
		admission: options.admission, log: log,
	}
	return s.serve(ctx, listener)
}

// site is what is served: the API and the dashboard of a cluster.
type site struct {
	app           *App
	config        *rest.Config
	cluster       string
	options       servingOptions
	sessions      *session.Sessions
	withoutHealth bool
	admission     admissionOptions
	peers         peers.Source // nil for none
	log           *slog.Logger
}

// serve serves on the listener until ctx ends.
func (s *site) serve(ctx context.Context, listener net.Listener) error {
	ctrllog.SetLogger(logr.FromSlogHandler(s.log.Handler()))
	own, err := cluster.New(s.cluster, s.config)
	if err != nil {
		return err
	}
	if err := s.options.check(); err != nil {
		return err
	}
	mesh, err := s.options.metrics.backends(ctx, s.config, s.cluster)
	if err != nil {
		return err
	}
	clusters := cluster.NewFleet(own)
	observers, err := server.Observe(clusters.All(), mesh, s.log)
	if err != nil {
		return err
	}
	if s.withoutHealth {
		observers.Behaviour = nil
	}
	served := &server.Server{
		Sessions: s.sessions, Clusters: clusters, Peers: s.peers, Mesh: mesh, Observers: observers,
		Tools: s.options.tools, Reach: s.app.reach, Log: s.log,
	}
	if len(s.options.metrics.urls) == 0 {
		served.Locate = locate
	}
	if served.Admission, err = s.admission.server(served, s.log); err != nil {
		return err
	}
	return served.Run(ctx, listener)
}

// serverLog is the log of a server: always on, and for programs.
func (a *App) serverLog() *slog.Logger {
	level := slog.LevelInfo
	if a.Verbose > 0 {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewJSONHandler(a.Err, &slog.HandlerOptions{Level: level}))
}

// clusterNameFor is the kubeconfig's name of the cluster, by the documented rules.
func clusterNameFor(app *App) (string, error) {
	name, err := app.ClusterName()
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", errors.New("the kubeconfig does not name the cluster: give its name with --cluster-name")
	}
	return platform.ClusterName(platform.DiscoveredClusterName(name))
}

// keyStore watches the one Secret with the keys for sign-in.
func keyStore(ctx context.Context, config *rest.Config, namespace string) (*signin.KeyStore, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	watched, err := cache.New(config, cache.Options{Scheme: scheme, ByObject: map[client.Object]cache.ByObject{
		&corev1.Secret{}: {Namespaces: map[string]cache.Config{namespace: {}}, Field: signin.SecretSelector()},
	}})
	if err != nil {
		return nil, fmt.Errorf("watch the keys for sign-in: %w", err)
	}
	go func() { _ = watched.Start(ctx) }() // it ends with the context
	if _, err := watched.GetInformer(ctx, &corev1.Secret{}); err != nil {
		return nil, fmt.Errorf("watch the keys for sign-in: %w", err)
	}
	return &signin.KeyStore{Reader: watched, Client: c, Namespace: namespace}, nil
}
