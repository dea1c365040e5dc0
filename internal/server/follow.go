package server

import (
	"context"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/server/behaviour"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/peers"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/validation/live"
)

const (
	// retryPause is the time after which what could not be done with a peer is tried again.
	retryPause = 10 * time.Second
	// lookTimeout bounds looking for a peer's metrics.
	lookTimeout = 10 * time.Second
)

// Locate finds the metrics backend of a cluster; nil where it has none that can be used, and why.
type Locate func(ctx context.Context, c *cluster.Cluster) (backend *telemetry.Backend, lack string, err error)

// followed is a peer that is followed.
type followed struct {
	fingerprint string
	stop        func() // ends it and waits until it has ended
}

// followPeers takes in peers that come and forgets those that go, until ctx ends.
func (s *Server) followPeers(ctx context.Context) error {
	running := map[string]followed{}
	defer func() {
		for _, f := range running {
			f.stop()
		}
	}()
	own := s.Clusters.Own().Name
	return s.Peers(ctx, func(all []peers.Peer) {
		named := map[string]bool{}
		for _, peer := range all {
			if named[peer.Name] || peer.Name == own {
				continue
			}
			named[peer.Name] = true
			if f, known := running[peer.Name]; known {
				if f.fingerprint == peer.Fingerprint && peer.Problem == "" {
					continue
				}
				f.stop()
				delete(running, peer.Name)
			}
			if next, ok := s.begin(ctx, peer); ok {
				running[peer.Name] = next
			}
		}
		for name, f := range running {
			if !named[name] {
				f.stop()
				delete(running, name)
			}
		}
		for name := range s.Clusters.Absent() {
			if !named[name] {
				s.Clusters.Leave(name)
			}
		}
	})
}

// begin follows a peer; false when it cannot be asked at all.
func (s *Server) begin(ctx context.Context, peer peers.Peer) (followed, bool) {
	if peer.Problem != "" {
		s.Clusters.Miss(peer.Name, peer.Problem)
		return followed{}, false
	}
	c, err := cluster.New(peer.Name, peer.Config)
	if err != nil {
		s.Log.WarnContext(ctx, "a peer cannot be used", "cluster", peer.Name, "error", err)
		s.Clusters.Miss(peer.Name, "the credentials for it cannot be used")
		return followed{}, false
	}
	c.Require(s.needs()...)
	s.Log.InfoContext(ctx, "following a peer", "cluster", c.Name)
	ctx, cancel := context.WithCancel(ctx)
	s.Clusters.Join(c)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.follow(ctx, c)
	}()
	return followed{peer.Fingerprint, func() {
		cancel()
		s.Clusters.Leave(c.Name)
		<-ended
	}}, true
}

// needs are what the credentials for a peer have to allow, so that users are shown what theirs do.
func (s *Server) needs() []access.Action {
	needs := []access.Action{
		{Verb: "list", Resource: "namespaces"}, {Verb: "list", Resource: "services"}, {Verb: "list", Resource: "pods"},
		{Verb: "list", Group: "apps", Resource: "deployments"},
	}
	if s.Sessions.OwnRights() {
		return needs
	}
	return append(needs, access.Action{Verb: "create", Group: "authorization.k8s.io", Resource: "subjectaccessreviews"},
		access.Action{Verb: "impersonate", Resource: "users"})
}

// follow keeps all that is known of a peer until ctx ends. Whatever the peer does or does not do, the others do not wait.
func (s *Server) follow(ctx context.Context, c *cluster.Cluster) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		s.untilEnd(ctx, c.Name, "what runs on a peer is not known", func() error { return c.Run(ctx) })
	})
	if s.Mesh != nil {
		running.Go(func() { s.findMetrics(ctx, c) })
	}
	o := s.Observers
	if o == nil {
		return
	}
	running.Go(func() {
		s.untilEnd(ctx, c.Name, "a peer is not checked", func() error { return o.Board.Follow(ctx, live.Cluster{Name: c.Name, Config: c.Config()}) })
	})
	running.Go(func() { o.Proxies.Follow(ctx, proxies.Cluster{Name: c.Name, Inventory: c.Read, Ask: c.ProxyStatus}) })
	if o.Behaviour != nil {
		running.Go(func() { o.Behaviour.Follow(ctx, behaviour.Cluster{Name: c.Name, Inventory: c.Read}) })
	}
}

// untilEnd tries again and again until ctx ends.
func (s *Server) untilEnd(ctx context.Context, cluster, failing string, try func() error) {
	for ctx.Err() == nil {
		if err := try(); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, failing, "cluster", cluster, "error", err)
		}
		pause(ctx)
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(retryPause):
	}
}

// findMetrics looks for the metrics of a peer until it finds them. Where one backend has those of all clusters, there is
// nothing to look for.
func (s *Server) findMetrics(ctx context.Context, c *cluster.Cluster) {
	if s.Mesh.Has(c.Name) {
		return
	}
	defer s.Mesh.Forget(c.Name)
	if s.Locate == nil {
		s.Mesh.Lack(c.Name, "no metrics backend is named for it: name one with --prometheus-url")
		<-ctx.Done()
		return
	}
	s.Mesh.Lack(c.Name, "its metrics backend is not known yet")
	for ctx.Err() == nil {
		limit, cancel := context.WithTimeout(ctx, lookTimeout)
		backend, lack, err := s.Locate(limit, c)
		cancel()
		switch {
		case err != nil:
			s.Log.DebugContext(ctx, "the metrics backend of a peer is not known", "cluster", c.Name, "error", err)
			s.Mesh.Lack(c.Name, "its ControlPlane, which names the metrics backend, cannot be read")
		case backend == nil:
			s.Mesh.Lack(c.Name, lack)
		default:
			s.Mesh.Add(backend)
			<-ctx.Done()
			return
		}
		pause(ctx)
	}
}
