package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/server/traffic"
)

// Resolver answers the API's fields.
type Resolver struct {
	Clusters *cluster.Fleet
	// Traffic tells what flows between workloads.
	Traffic *traffic.Source
	// Board has the findings of the validation; nil without one.
	Board *findings.Board
	// Proxies knows what control planes tell of their proxies; nil when they are not asked.
	Proxies *proxies.Watch
	// Judge knows how objects behave; nil when nothing measures that.
	Judge Judge
	// Reach connects to clusters that are attached or detached; nil where that cannot be done.
	Reach Reach
	// Tools are addresses of other tools.
	Tools Tools
	Log   *slog.Logger
}

type (
	query        struct{ *Resolver }
	mutation     struct{ *Resolver }
	subscription struct{ *Resolver }
	service      struct{ *Resolver }
	workload     struct{ *Resolver }
	pod          struct{ *Resolver }
	node         struct{ *Resolver }
	controlPlane struct{ *Resolver }
	gateway      struct{ *Resolver }
	numbers      struct{ *Resolver }
)

// Query answers what is read.
func (r *Resolver) Query() QueryResolver { return query{r} }

// Mutation answers what is changed.
func (r *Resolver) Mutation() MutationResolver { return mutation{r} }

// Subscription answers what is followed.
func (r *Resolver) Subscription() SubscriptionResolver { return subscription{r} }

// Service answers the fields of a service that cost extra.
func (r *Resolver) Service() ServiceResolver { return service{r} }

// Workload answers the fields of a workload that cost extra.
func (r *Resolver) Workload() WorkloadResolver { return workload{r} }

// Pod answers the fields of a pod that cost extra.
func (r *Resolver) Pod() PodResolver { return pod{r} }

// Node answers the fields of a node that cost extra.
func (r *Resolver) Node() NodeResolver { return node{r} }

// ControlPlane answers the fields of a control plane that cost extra.
func (r *Resolver) ControlPlane() ControlPlaneResolver { return controlPlane{r} }

// Gateway answers the fields of a gateway that cost extra.
func (r *Resolver) Gateway() GatewayResolver { return gateway{r} }

// Numbers answers the numbers that are counted on demand.
func (r *Resolver) Numbers() NumbersResolver { return numbers{r} }

var errNobody = errors.New("sign in first")

// someone is who asks.
func someone(ctx context.Context) (session.Someone, error) {
	who, found := session.From(ctx)
	if !found {
		return session.Someone{}, errNobody
	}
	return who, nil
}

// asked is who asks, and the cluster that they ask about.
func (r *Resolver) asked(ctx context.Context, clusterName string) (*cluster.Cluster, session.Someone, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, who, err
	}
	c, err := r.named(clusterName)
	return c, who, err
}

// named finds a cluster by its name.
func (r *Resolver) named(clusterName string) (*cluster.Cluster, error) {
	if c := r.cluster(clusterName); c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("there is no cluster %q", clusterName)
}

// cluster finds a cluster by its name; nil when there is none.
func (r *Resolver) cluster(name string) *cluster.Cluster {
	return r.Clusters.Named(name)
}
