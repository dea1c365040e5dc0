package graph

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// toList is what a user must be allowed in a namespace to be shown what the server keeps of it.
func toList(resource string) access.Action {
	return access.Action{Verb: "list", Resource: resource}
}

// view is the part of one cluster's inventory that a user may see.
type view struct {
	cluster   *cluster.Cluster
	inventory *inventory.Inventory
	services  map[string]bool // namespaces whose services are visible
	pods      map[string]bool // namespaces whose workloads and pods are visible

	byName func() index
}

// view returns what the user may see of a cluster.
func (r *Resolver) view(ctx context.Context, c *cluster.Cluster) (*view, error) {
	return once(ctx, c.Name, func() (*view, error) { return viewFor(ctx, c) })
}

func viewFor(ctx context.Context, c *cluster.Cluster) (*view, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found.Namespaces))
	for _, namespace := range found.Namespaces {
		names = append(names, namespace.Name)
	}
	v := &view{cluster: c, inventory: found, byName: sync.OnceValue(func() index { return indexOf(found) })}
	for action, visible := range map[access.Action]*map[string]bool{toList("services"): &v.services, toList("pods"): &v.pods} {
		allowed, err := c.Visible(ctx, who, action, names)
		if err != nil {
			return nil, err
		}
		*visible = setOf(allowed)
	}
	return v, nil
}

// views returns what the user may see of the clusters that the filter names.
func (r *Resolver) views(ctx context.Context, filter *model.Filter) ([]*view, error) {
	return ofEach(ctx, r, clustersOf(filter), r.view)
}

// viewOf returns what the user may see of the cluster that an ID is about; nil when there is no such cluster.
func (r *Resolver) viewOf(ctx context.Context, id inventory.ID) (*view, error) {
	c := r.cluster(id.Cluster)
	if c == nil {
		return nil, nil
	}
	return r.view(ctx, c)
}

func (v *view) service(namespace, name string) *inventory.Service {
	if !v.services[namespace] {
		return nil
	}
	return v.byName().services[objectName{namespace, name}]
}

// workload finds a workload; kind is in small letters, or "" for any.
func (v *view) workload(namespace, kind, name string) *inventory.Workload {
	if !v.pods[namespace] {
		return nil
	}
	for _, w := range v.byName().workloads[objectName{namespace, name}] {
		if kind == "" || strings.ToLower(w.Kind) == kind {
			return w
		}
	}
	return nil
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// matchesAny tells whether a filter lets a name pass; an empty one lets all pass.
func matchesAny(wanted []string, name string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, name)
}

func clustersOf(filter *model.Filter) []string {
	if filter == nil {
		return nil
	}
	return filter.Clusters
}

// passes tells whether a filter lets an object pass.
func passes(filter *model.Filter, namespace, name string, inMesh *bool) bool {
	if filter == nil {
		return true
	}
	return matchesAny(filter.Namespaces, namespace) &&
		(filter.Name == nil || strings.Contains(name, *filter.Name)) &&
		(filter.InMesh == nil || inMesh == nil || *filter.InMesh == *inMesh)
}
