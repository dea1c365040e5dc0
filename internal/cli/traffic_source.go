package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/server/behaviour"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/traffic"
)

// readTimeout bounds reading the inventory of a cluster.
const readTimeout = 30 * time.Second

// observedMesh is the kubeconfig's mesh as its metrics tell, with the user's own rights.
type observedMesh struct {
	*traffic.Source
	cluster   string
	behaviour *behaviour.Watch
}

// observeMesh returns the kubeconfig's mesh. What it reads of the cluster is kept up to date until the context ends.
func (a *App) observeMesh(ctx context.Context, metrics *metricsOptions) (*observedMesh, error) {
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
	if len(mesh.Backends) == 0 {
		return nil, errors.New("there is no metrics backend: name one with --prometheus-url, or switch on the ControlPlane's component smm.prometheus")
	}
	own, err := cluster.New(name, config)
	if err != nil {
		return nil, err
	}
	go func() { _ = own.Run(ctx) }() // it ends with the context
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if !own.Inventory.Synced(reading) {
		return nil, fmt.Errorf("the workloads and services of cluster %s cannot be read: see 'kubectl auth can-i list pods -A'", name)
	}
	judged := []behaviour.Cluster{{Name: name, Inventory: own.Inventory.Inventory}}
	return &observedMesh{
		Source:  &traffic.Source{Mesh: mesh, Inventories: cluster.Inventories([]*cluster.Cluster{own})},
		cluster: name, behaviour: behaviour.New(mesh, judged, a.Log),
	}, nil
}
