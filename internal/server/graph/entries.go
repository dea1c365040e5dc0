package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Entries lists the machines of a workload outside of Kubernetes, if the user may list WorkloadEntries there.
func (w workload) Entries(ctx context.Context, of *model.Workload) ([]model.WorkloadEntry, error) {
	entries := []model.WorkloadEntry{}
	parsed, err := inventory.ParseID(of.ID)
	if err != nil {
		return nil, err
	}
	v, err := w.viewOf(ctx, parsed)
	if err != nil || v == nil {
		return entries, err
	}
	found := v.workload(parsed.Namespace, parsed.Kind, parsed.Name)
	if found == nil || len(found.Entries) == 0 {
		return entries, nil
	}
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	list := access.Action{Verb: "list", Group: istioNetworking, Resource: "workloadentries"}
	allowed, err := v.cluster.Visible(ctx, who, list, []string{parsed.Namespace})
	if err != nil || len(allowed) == 0 {
		return entries, err
	}
	for i := range found.Entries {
		entries = append(entries, describeEntry(v.cluster.Name, parsed.Namespace, &found.Entries[i]))
	}
	return entries, nil
}

// workloadOfEntry finds the workload that the machine with the ID belongs to.
func (v *view) workloadOfEntry(id inventory.ID) *inventory.Workload {
	if !v.pods[id.Namespace] || !strings.EqualFold(id.Kind, inventory.WorkloadEntryKind) {
		return nil
	}
	for i := range v.inventory.Workloads {
		w := &v.inventory.Workloads[i]
		named := func(entry inventory.Entry) bool { return entry.Name == id.Name }
		if w.Namespace == id.Namespace && slices.ContainsFunc(w.Entries, named) {
			return w
		}
	}
	return nil
}

func describeEntry(cluster, namespace string, entry *inventory.Entry) model.WorkloadEntry {
	id := inventory.ID{Kind: inventory.WorkloadEntryKind, Group: istioNetworking, Cluster: cluster, Namespace: namespace, Name: entry.Name}
	return model.WorkloadEntry{
		ID: id.String(), Cluster: cluster, Namespace: namespace, Name: entry.Name, Address: optional(entry.Address), Network: optional(entry.Network),
		Locality: optional(entry.Locality), ServiceAccount: optional(entry.ServiceAccount), InMesh: entry.InMesh, Healthy: entry.Healthy,
		Created: stamp(entry.Created), Labels: describeLabels(entry.Labels),
	}
}
