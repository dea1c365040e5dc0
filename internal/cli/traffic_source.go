package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/traffic"
)

// readTimeout bounds reading the inventory of a cluster.
const readTimeout = 30 * time.Second

// trafficSource tells the traffic of the kubeconfig's mesh, with the user's own rights. What it reads is kept up to date
// until the context ends.
func (a *App) trafficSource(ctx context.Context, metrics *metricsOptions) (*traffic.Source, error) {
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
	return &traffic.Source{Mesh: mesh, Inventories: cluster.Inventories([]*cluster.Cluster{own})}, nil
}
