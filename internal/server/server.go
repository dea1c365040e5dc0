// Package server is the product's HTTP server: sign-in, the GraphQL API and the dashboard.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/server/admission"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/dashboard"
	"github.com/meshmanager/smm/internal/server/graph"
	"github.com/meshmanager/smm/internal/server/peers"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/telemetry"
)

const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	// maxBody bounds a request, in bytes: the largest is a custom resource, which etcd limits to 1.5 MiB.
	maxBody = 4 << 20
)

// Server serves the API for a mesh.
type Server struct {
	Sessions *session.Sessions
	Clusters *cluster.Fleet
	// Peers tells which clusters come and go; nil for none.
	Peers peers.Source
	// Mesh has the metrics.
	Mesh *telemetry.Mesh
	// Locate finds the metrics of a peer; nil where flags name all backends.
	Locate Locate
	// Observers watch the clusters; nil to go without.
	Observers *Observers
	// Admission warns who changes the first cluster's configuration; nil to go without.
	Admission *admission.Server
	// Reach connects to clusters that are attached or detached; nil where that cannot be done.
	Reach graph.Reach
	// Tools are addresses of other tools.
	Tools graph.Tools
	Log   *slog.Logger
}

// Handler returns everything that the server answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s.Sessions.Routes(mux)
	source := &traffic.Source{Mesh: s.Mesh, Inventories: s.Clusters.Inventories}
	resolver := &graph.Resolver{Clusters: s.Clusters, Traffic: source, Tools: s.Tools, Reach: s.Reach, Log: s.Log}
	if o := s.Observers; o != nil {
		resolver.Board, resolver.Proxies = o.Board, o.Proxies
		if o.Behaviour != nil {
			resolver.Judge = o.Behaviour
		}
	}
	api := graph.NewHandler(resolver)
	mux.Handle("POST /api/graphql", s.Sessions.Require(http.MaxBytesHandler(api, maxBody)))
	mux.Handle("GET /api/graphql/{file...}", console())
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("GET /", dashboard.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return session.Protect(mux)
}

// Run keeps the clusters' inventories and serves on the listener until the context ends.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range s.Clusters.All() { // peers come later
		group.Go(func() error { return c.Run(ctx) })
	}
	if s.Peers != nil {
		group.Go(func() error { return s.followPeers(ctx) })
	}
	if s.Observers != nil {
		group.Go(func() error { return s.Observers.Run(ctx) })
	}
	if s.Admission != nil {
		group.Go(func() error { return s.Admission.Run(ctx) })
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err := server.Shutdown(end); err != nil {
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}
