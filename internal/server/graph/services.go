package graph

import (
	"context"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Services lists services.
func (q query) Services(ctx context.Context, filter *model.Filter, first *int, after *string) (*model.ServicePage, error) {
	views, err := q.views(ctx, filter)
	if err != nil {
		return nil, err
	}
	all := []model.Service{}
	for _, v := range views {
		for i := range v.inventory.Services {
			s := &v.inventory.Services[i]
			if v.services[s.Namespace] && passes(filter, s.Namespace, s.Name, &s.InMesh) {
				all = append(all, describeService(v.cluster.Name, s))
			}
		}
	}
	items, info, err := page(all, first, after)
	if err != nil {
		return nil, err
	}
	return &model.ServicePage{Items: items, PageInfo: &info, Total: len(all)}, nil
}

// Service finds one service.
func (q query) Service(ctx context.Context, id string) (*model.Service, error) {
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return nil, err
	}
	v, err := q.viewOf(ctx, parsed)
	if err != nil || v == nil || parsed.Kind != "service" {
		return nil, err
	}
	found := v.service(parsed.Namespace, parsed.Name)
	if found == nil {
		return nil, nil
	}
	described := describeService(v.cluster.Name, found)
	return &described, nil
}

// Workloads lists the workloads behind a service, as far as the user may see them.
func (s service) Workloads(ctx context.Context, of *model.Service) ([]model.Workload, error) {
	workloads := []model.Workload{}
	v, err := s.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil {
		return workloads, err
	}
	found := v.service(of.Namespace, of.Name)
	if found == nil {
		return workloads, nil
	}
	for _, name := range found.Workloads {
		if w := v.workload(of.Namespace, "", name); w != nil {
			workloads = append(workloads, describeWorkload(of.Cluster, w))
		}
	}
	return workloads, nil
}
