package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/server/behaviour"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/telemetry"
)

// readTimeout bounds reading the inventory of a cluster.
const readTimeout = 30 * time.Second

// observedMesh is the mesh as its metrics tell, with the user's own rights.
type observedMesh struct {
	*traffic.Source
	clusters  []string
	behaviour *behaviour.Watch
}

// observeMesh returns the mesh of the kubeconfig and of the peers. What it reads of the clusters is kept up to date until the
// context ends. A peer that cannot be read is left out, with a warning.
func (a *App) observeMesh(ctx context.Context, metrics *metricsOptions, further *peerOptions) (*observedMesh, error) {
	config, err := a.Connect(ctx)
	if err != nil {
		return nil, err
	}
	name, err := clusterNameFor(a)
	if err != nil {
		return nil, err
	}
	mesh, err := metrics.backends(ctx, config, name)
	if err != nil {
		return nil, err
	}
	own, err := cluster.New(name, config)
	if err != nil {
		return nil, err
	}
	go func() { _ = own.Run(ctx) }() // it ends with the context
	fleet := cluster.NewFleet(own)
	if err := a.takeIn(ctx, fleet, mesh, metrics, further); err != nil {
		return nil, err
	}
	if len(mesh.All()) == 0 {
		return nil, errors.New("there is no metrics backend: name one with --prometheus-url, or switch on the ControlPlane's component smm.prometheus")
	}
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if !own.Inventory.Synced(reading) {
		return nil, fmt.Errorf("the workloads and services of cluster %s cannot be read: see 'kubectl auth can-i list pods -A'", name)
	}
	var judged []behaviour.Cluster
	var names []string
	for _, c := range fleet.All() {
		names = append(names, c.Name)
		judged = append(judged, behaviour.Cluster{Name: c.Name, Inventory: c.Read})
	}
	return &observedMesh{
		Source:    &traffic.Source{Mesh: mesh, Inventories: fleet.Inventories},
		clusters:  names,
		behaviour: behaviour.New(mesh, judged, a.Log),
	}, nil
}

// takeIn adds the peers that can be reached, with their metrics.
func (a *App) takeIn(ctx context.Context, fleet *cluster.Fleet, mesh *telemetry.Mesh, metrics *metricsOptions, further *peerOptions) error {
	peers, err := further.fixed(a)
	if err != nil {
		return err
	}
	for _, peer := range peers {
		c, err := cluster.New(peer.Name, peer.Config)
		if err != nil {
			return err
		}
		if state := c.State(ctx); !state.Reachable {
			a.warn("cluster %s is left out: %s", c.Name, state.Problem)
			continue
		}
		fleet.Join(c)
		go func() { _ = c.Run(ctx) }() // it ends with the context
		if mesh.Has(c.Name) {
			continue
		}
		if len(metrics.urls) > 0 {
			mesh.Lack(c.Name, "no --prometheus-url is for it")
			continue
		}
		backend, lack, err := locate(ctx, c)
		switch {
		case err != nil:
			mesh.Lack(c.Name, err.Error())
		case backend == nil:
			mesh.Lack(c.Name, lack)
		default:
			mesh.Add(backend)
		}
	}
	return nil
}
