package graph

import (
	"context"

	"github.com/meshmanager/smm/internal/topology"
)

// sight is what the user may see of traffic.
type sight struct {
	views map[string]*view
	// away are clusters that the server knows and that cannot be asked what the user may see.
	away map[string]string
	// elsewhere tells that the user may see workloads of clusters that the server does not know: those who may see all of
	// every cluster that can be asked.
	elsewhere bool
}

func (r *Resolver) sight(ctx context.Context) (*sight, error) {
	views, err := r.views(ctx, nil)
	if err != nil {
		return nil, err
	}
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	s := &sight{views: map[string]*view{}, away: r.Clusters.Absent(), elsewhere: true}
	for _, v := range views {
		s.views[v.cluster.Name] = v
		everywhere, err := v.cluster.Allowed(ctx, who, toList("pods"))
		if err != nil {
			return nil, err
		}
		s.elsewhere = s.elsewhere && everywhere
	}
	for _, c := range r.Clusters.All() {
		if s.views[c.Name] == nil {
			s.away[c.Name] = c.State(ctx).Problem
		}
	}
	return s, nil
}

// node tells whether the user may see a node that is an object of a cluster, and whether the node is one.
func (s *sight) node(id topology.NodeID) (visible, object bool) {
	switch id.Kind {
	case topology.KindWorkload, topology.KindGateway:
		v := s.views[id.Cluster]
		return v == nil && s.mayGuess(id.Cluster) || v != nil && v.pods[id.Namespace], true
	case topology.KindService:
		return s.service(id.Cluster, id.Namespace), true
	}
	return true, false
}

func (s *sight) service(cluster, namespace string) bool {
	v := s.views[cluster]
	return v == nil && s.mayGuess(cluster) || v != nil && v.services[namespace]
}

// mayGuess tells whether the user may see what is in a cluster that nobody can ask.
func (s *sight) mayGuess(cluster string) bool {
	_, away := s.away[cluster]
	return s.elsewhere && !away
}

// edge tells whether the user may see an edge: both ends, of which one is an object.
func (s *sight) edge(e *topology.Edge) bool {
	from, fromObject := s.node(e.From)
	to, toObject := s.node(e.To)
	return from && to && (fromObject || toObject || s.elsewhere)
}

// called tells whether the user may see the name of the service that an edge calls.
func (s *sight) called(e *topology.Edge) bool {
	if e.To.Kind == topology.KindExternal {
		return true
	}
	cluster := e.To.Cluster
	if cluster == "" {
		cluster = e.From.Cluster
	}
	return s.service(cluster, e.ServiceNamespace)
}
