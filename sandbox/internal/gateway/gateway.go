// Package gateway is a stand-in for Envoy in the role of a gateway: Istio's agent starts it as if it was Envoy, and
// istiod configures it over xDS. It passes TLS on by server name, forwards TCP and routes HTTP. What else it is
// configured to do it does not do, and says so in its log.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/meshmanager/smm/sandbox/internal/gateway/admin"
	"github.com/meshmanager/smm/sandbox/internal/gateway/bootstrap"
	"github.com/meshmanager/smm/sandbox/internal/gateway/listener"
	"github.com/meshmanager/smm/sandbox/internal/gateway/note"
	"github.com/meshmanager/smm/sandbox/internal/gateway/route"
	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
	"github.com/meshmanager/smm/sandbox/internal/gateway/upstream"
	"github.com/meshmanager/smm/sandbox/internal/gateway/xds"
)

const adminTimeout = 10 * time.Second

// Run plays the gateway until the context ends or the agent says so.
func Run(ctx context.Context, b bootstrap.Bootstrap, drainTime time.Duration, log *slog.Logger) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	log.Info("this is a stand-in for Envoy, for gateways in a sandbox", "node", b.Node.GetId())
	registry := stats.NewRegistry()
	admin.State(registry).Store(admin.Initializing)
	clusters, routes := upstream.NewClusters(b.Clusters, registry), route.NewTable()
	listeners, err := listener.New(b.Listeners, listener.Surroundings{
		Clusters: clusters, Transports: upstream.NewTransports(clusters), Routes: routes,
		Stats: registry, Notes: note.New(log), Log: log,
	})
	if err != nil {
		return err
	}
	defer listeners.Close()

	administration := &admin.Server{Stats: registry, Drain: listeners.Drain, DrainTime: drainTime, Quit: quit}
	stop, err := serve(ctx, b.Admin, administration.Handler())
	if err != nil {
		return err
	}
	defer stop()
	registry.Gauge("listener_manager", "", "workers_started").Store(1)
	client := xds.Client{
		Target: b.XDS, Node: b.Node, Stats: registry, Log: log,
		Apply: &configuration{clusters: clusters, listeners: listeners, routes: routes, live: func() {
			admin.State(registry).CompareAndSwap(admin.Initializing, admin.Live)
		}},
	}
	return client.Run(ctx)
}

// serve serves the admin server until stop is called.
func serve(ctx context.Context, address string, handler http.Handler) (stop func(), err error) {
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin server: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: adminTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("admin server", "error", err)
		}
	}()
	return func() {
		server.Close()
		<-done
	}, nil
}

// configuration puts what istiod says into effect.
type configuration struct {
	clusters  *upstream.Clusters
	listeners *listener.Listeners
	routes    *route.Table
	live      func() // called when the gateway has what it needs
}

func (c *configuration) SetClusters(all []*clusterv3.Cluster) ([]string, error) {
	return c.clusters.Set(all), nil
}

func (c *configuration) SetEndpoints(changed []*endpointv3.ClusterLoadAssignment) error {
	c.clusters.SetEndpoints(changed)
	return nil
}

func (c *configuration) SetListeners(all []*listenerv3.Listener) ([]string, error) {
	routes, err := c.listeners.Set(all)
	if err == nil {
		c.live()
	}
	return routes, err
}

func (c *configuration) SetRoutes(changed []*routev3.RouteConfiguration) error {
	c.routes.Set(changed)
	return nil
}
