package graph

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Me tells who is signed in.
func (q query) Me(ctx context.Context) (*model.Me, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	return &model.Me{Name: who.User.Name, Groups: append([]string{}, who.User.Groups...), Anonymous: who.Anonymous}, nil
}

// Clusters tells of every cluster whether it can be reached, side by side: one that does not answer delays no other.
func (q query) Clusters(ctx context.Context) ([]model.Cluster, error) {
	all := q.Resolver.Clusters.All()
	clusters := make([]model.Cluster, len(all))
	var group sync.WaitGroup
	for i, c := range all {
		group.Go(func() {
			state := c.State(ctx)
			clusters[i] = model.Cluster{Name: c.Name, Reachable: state.Reachable, Version: optional(state.Version), Problem: optional(state.Problem)}
		})
	}
	group.Wait()
	absent := q.Resolver.Clusters.Absent()
	for _, name := range slices.Sorted(maps.Keys(absent)) {
		clusters = append(clusters, model.Cluster{Name: name, Problem: optional(absent[name])})
	}
	return clusters, nil
}

// Namespaces lists the namespaces of which the user may see services.
func (q query) Namespaces(ctx context.Context, cluster *string) ([]model.Namespace, error) {
	var filter *model.Filter
	if cluster != nil {
		filter = &model.Filter{Clusters: []string{*cluster}}
	}
	views, err := q.views(ctx, filter)
	if err != nil {
		return nil, err
	}
	namespaces := []model.Namespace{}
	for _, v := range views {
		for _, namespace := range v.inventory.Namespaces {
			if v.services[namespace.Name] {
				namespaces = append(namespaces, describeNamespace(v.cluster.Name, namespace))
			}
		}
	}
	return namespaces, nil
}

// Numbers counts what the user may see.
func (q query) Numbers(ctx context.Context, filter *model.Filter) (*model.Numbers, error) {
	views, err := q.views(ctx, filter)
	if err != nil {
		return nil, err
	}
	var wanted []string
	if filter != nil {
		wanted = filter.Namespaces
	}
	numbers := &model.Numbers{Clusters: len(views)}
	for _, v := range views {
		services := v.inventory.Count(func(namespace string) bool { return v.services[namespace] && matchesAny(wanted, namespace) })
		workloads := v.inventory.Count(func(namespace string) bool { return v.pods[namespace] && matchesAny(wanted, namespace) })
		numbers.Services += services.Services
		numbers.ServicesInMesh += services.ServicesInMesh
		numbers.Workloads += workloads.Workloads
		numbers.WorkloadsInMesh += workloads.WorkloadsInMesh
		numbers.Pods += workloads.Pods
		numbers.PodsInMesh += workloads.PodsInMesh
	}
	if err := q.flow(ctx, numbers, filter); err != nil {
		return nil, err
	}
	return numbers, nil
}
