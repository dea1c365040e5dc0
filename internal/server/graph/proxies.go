package graph

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio/proxystatus"
	"github.com/meshmanager/smm/internal/server/graph/model"
	"github.com/meshmanager/smm/internal/server/proxies"
)

// Proxies lists the proxies of a control plane, as far as the user may see their pods: those that are connected to it, and
// those whose pods it injected.
func (p controlPlane) Proxies(ctx context.Context, of *model.ControlPlane) ([]model.Proxy, error) {
	views, err := p.views(ctx, nil)
	if err != nil {
		return nil, err
	}
	var connected []proxies.Proxy
	if p.Resolver.Proxies != nil {
		connected, _ = p.Resolver.Proxies.Of(proxies.Plane{Cluster: of.Cluster, Namespace: of.Namespace, Revision: of.Name})
	}
	found := []model.Proxy{}
	for _, v := range views {
		known := map[string]bool{}
		for _, proxy := range connected {
			if proxy.Cluster == v.cluster.Name && v.pods[proxy.Namespace] {
				known[proxy.Namespace+"/"+proxy.Name] = true
				found = append(found, describeProxy(v, proxy))
			}
		}
		if v.cluster.Name == of.Cluster {
			found = append(found, v.unconnected(of.Name, known)...)
		}
	}
	slices.SortFunc(found, func(a, b model.Proxy) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// unconnected are the pods that a control plane injected and that are not among those that it knows.
func (v *view) unconnected(revision string, known map[string]bool) []model.Proxy {
	var found []model.Proxy
	for i := range v.inventory.Workloads {
		w := &v.inventory.Workloads[i]
		if !v.pods[w.Namespace] {
			continue
		}
		for _, pod := range w.Pods {
			if pod.Revision != revision || pod.Phase != "Running" || known[w.Namespace+"/"+pod.Name] {
				continue
			}
			found = append(found, describeProxy(v, proxies.Proxy{
				Proxy: proxystatus.Proxy{Cluster: v.cluster.Name, Namespace: w.Namespace, Name: pod.Name},
			}))
		}
	}
	return found
}

func describeProxy(v *view, proxy proxies.Proxy) model.Proxy {
	described := model.Proxy{
		ID:      inventory.ID{Kind: "Pod", Cluster: proxy.Cluster, Namespace: proxy.Namespace, Name: proxy.Name}.String(),
		Cluster: proxy.Cluster, Namespace: proxy.Namespace, Name: proxy.Name, Version: optional(proxy.Version), Problems: []string{},
		Cds: syncState(proxy, "CDS"), Lds: syncState(proxy, "LDS"), Eds: syncState(proxy, "EDS"), Rds: syncState(proxy, "RDS"),
	}
	if _, pod := v.pod(proxy.Namespace, proxy.Name); pod != nil {
		described.Proxyless, described.Pod = pod.Proxyless, &pod.Name
	}
	for _, kind := range slices.Sorted(maps.Keys(proxy.Errors)) {
		described.Problems = append(described.Problems, fmt.Sprintf("%s: %s", kind, proxy.Errors[kind]))
	}
	return described
}

func syncState(proxy proxies.Proxy, kind string) model.SyncState {
	if state, known := proxy.States[kind]; known {
		return model.SyncState(state)
	}
	return model.SyncStateUnknown
}
