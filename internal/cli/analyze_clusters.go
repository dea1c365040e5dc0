package cli

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/live"
)

// readClusters reads the chosen cluster and its peers into the engine. It returns the name of the chosen one.
func (a *App) readClusters(ctx context.Context, engine *validation.Engine, o analyzeOptions) (string, error) {
	clusters, err := a.clustersToAnalyze(ctx, o)
	if err != nil {
		return "", err
	}
	results := make([]live.Result, len(clusters))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, cluster := range clusters {
		group.Go(func() (err error) {
			results[i], err = live.Read(groupCtx, cluster, analyzer.Kinds())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	change := validation.Change{Know: map[string][]validation.Kind{}}
	for i, result := range results {
		for _, note := range result.Notes {
			fmt.Fprintf(a.Err, "%s %s\n", a.painter(a.Err).warning(), note)
		}
		change.Set = append(append(change.Set, result.Change.Set...), analyzer.Cluster(clusters[i].Name))
		change.Know[clusters[i].Name] = result.Change.Know[clusters[i].Name]
	}
	engine.Apply(change)
	return clusters[0].Name, nil
}

// clustersToAnalyze connects to the chosen cluster and its peers, each under the name that it has in the mesh.
func (a *App) clustersToAnalyze(ctx context.Context, o analyzeOptions) ([]live.Cluster, error) {
	chosen := []App{*a}
	for _, name := range o.peerContexts {
		peer := *a
		peer.Context = name
		chosen = append(chosen, peer)
	}
	for _, path := range o.peerKubeconfigs {
		peer := *a
		peer.Kubeconfig, peer.Context = path, ""
		chosen = append(chosen, peer)
	}
	clusters := make([]live.Cluster, len(chosen))
	for i := range chosen {
		cluster, err := chosen[i].clusterToAnalyze(ctx)
		if err != nil {
			return nil, err
		}
		for _, other := range clusters[:i] {
			if other.Name == cluster.Name {
				return nil, fmt.Errorf("two of the clusters are named %q: they must have different names in the mesh", cluster.Name)
			}
		}
		clusters[i] = cluster
	}
	return clusters, nil
}

func (a *App) clusterToAnalyze(ctx context.Context) (live.Cluster, error) {
	config, err := a.Connect(ctx)
	if err != nil {
		return live.Cluster{}, err
	}
	name, err := live.NameOf(ctx, config)
	if err != nil {
		return live.Cluster{}, err
	}
	if name == "" {
		known, err := a.ClusterName()
		if err != nil {
			return live.Cluster{}, err
		}
		if name, err = platform.ClusterName(platform.DiscoveredClusterName(known)); err != nil {
			name = "default"
		}
	}
	return live.Cluster{Name: name, Config: config}, nil
}
