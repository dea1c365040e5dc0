package graph

import (
	"context"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Workloads lists workloads.
func (q query) Workloads(ctx context.Context, filter *model.Filter, first *int, after *string) (*model.WorkloadPage, error) {
	views, err := q.views(ctx, filter)
	if err != nil {
		return nil, err
	}
	all := []model.Workload{}
	for _, v := range views {
		for i := range v.inventory.Workloads {
			w := &v.inventory.Workloads[i]
			if v.pods[w.Namespace] && passes(filter, w.Namespace, w.Name, &w.InMesh) {
				all = append(all, describeWorkload(v.cluster.Name, w))
			}
		}
	}
	items, info, err := page(all, first, after)
	if err != nil {
		return nil, err
	}
	return &model.WorkloadPage{Items: items, PageInfo: &info, Total: len(all)}, nil
}

// Workload finds one workload.
func (q query) Workload(ctx context.Context, id string) (*model.Workload, error) {
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return nil, err
	}
	v, err := q.viewOf(ctx, parsed)
	if err != nil || v == nil {
		return nil, err
	}
	found := v.workload(parsed.Namespace, parsed.Kind, parsed.Name)
	if found == nil {
		found = v.workloadOfEntry(parsed)
	}
	if found == nil {
		return nil, nil
	}
	described := describeWorkload(v.cluster.Name, found)
	return &described, nil
}

// Services lists the services that select pods of a workload, as far as the user may see them.
func (w workload) Services(ctx context.Context, of *model.Workload) ([]model.Service, error) {
	services := []model.Service{}
	v, err := w.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil || !v.services[of.Namespace] {
		return services, err
	}
	for _, s := range v.byName().servicesOf[objectName{of.Namespace, of.Name}] {
		services = append(services, describeService(of.Cluster, s))
	}
	return services, nil
}
