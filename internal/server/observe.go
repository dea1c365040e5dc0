package server

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/server/behaviour"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/validation/live"
)

// Observers watch the clusters with the product's own rights, once for all users.
type Observers struct {
	// Board has the findings of the validation.
	Board *findings.Board
	// Proxies knows what control planes tell of their proxies.
	Proxies *proxies.Watch
	// Behaviour judges the health of workloads and services; nil for nobody to judge.
	Behaviour *behaviour.Watch
}

// Observe returns what observes the clusters that are there from the start, whose metrics the mesh has.
func Observe(clusters []*cluster.Cluster, mesh *telemetry.Mesh, log *slog.Logger) (*Observers, error) {
	var read []live.Cluster
	var asked []proxies.Cluster
	var judged []behaviour.Cluster
	for _, c := range clusters {
		read = append(read, live.Cluster{Name: c.Name, Config: c.Config()})
		asked = append(asked, proxies.Cluster{Name: c.Name, Inventory: c.Read, Ask: c.ProxyStatus})
		judged = append(judged, behaviour.Cluster{Name: c.Name, Inventory: c.Read})
	}
	board, err := findings.New(read, log)
	if err != nil {
		return nil, err
	}
	return &Observers{
		Board: board, Proxies: proxies.New(asked, proxies.Interval, log, board.Tell), Behaviour: behaviour.New(mesh, judged, log),
	}, nil
}

// Run observes until the context ends.
func (o *Observers) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return o.Board.Run(ctx) })
	group.Go(func() error { return o.Proxies.Run(ctx) })
	if o.Behaviour != nil {
		group.Go(func() error { return o.Behaviour.Run(ctx) })
	}
	return group.Wait()
}
