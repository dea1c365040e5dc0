package graph

import (
	"context"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Pod finds one pod.
func (q query) Pod(ctx context.Context, id string) (*model.Pod, error) {
	parsed, err := inventory.ParseID(id)
	if err != nil {
		return nil, err
	}
	v, err := q.viewOf(ctx, parsed)
	if err != nil || v == nil || parsed.Kind != "pod" {
		return nil, err
	}
	_, found := v.pod(parsed.Namespace, parsed.Name)
	if found == nil {
		return nil, nil
	}
	described := describePod(v.cluster.Name, parsed.Namespace, found)
	return &described, nil
}

// Workload finds what a pod belongs to.
func (p pod) Workload(ctx context.Context, of *model.Pod) (*model.Workload, error) {
	v, err := p.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil {
		return nil, err
	}
	owner, _ := v.pod(of.Namespace, of.Name)
	if owner == nil {
		return nil, nil
	}
	described := describeWorkload(of.Cluster, owner)
	return &described, nil
}

// Pods lists the pods on a node, as far as the user may see them.
func (n node) Pods(ctx context.Context, of *model.Node) ([]model.Pod, error) {
	pods := []model.Pod{}
	v, err := n.viewOf(ctx, inventory.ID{Cluster: of.Cluster})
	if err != nil || v == nil {
		return pods, err
	}
	for i := range v.inventory.Workloads {
		w := &v.inventory.Workloads[i]
		if !v.pods[w.Namespace] {
			continue
		}
		for j := range w.Pods {
			if w.Pods[j].Node == of.Name {
				pods = append(pods, describePod(of.Cluster, w.Namespace, &w.Pods[j]))
			}
		}
	}
	return pods, nil
}

// pod finds a pod and the workload that it belongs to; nil when the user may not see them.
func (v *view) pod(namespace, name string) (*inventory.Workload, *inventory.Pod) {
	if !v.pods[namespace] {
		return nil, nil
	}
	found := v.byName().pods[objectName{namespace, name}]
	return found.workload, found.pod
}
