// Package proxies keeps what the control planes of the clusters tell about the proxies that are connected to them.
package proxies

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/proxystatus"
)

const (
	// Interval is how often istiods are asked in production.
	Interval = 15 * time.Second
	// askTimeout bounds one question.
	askTimeout = 10 * time.Second
	// concurrent bounds the questions at the same time.
	concurrent = 8
)

// Plane names the istiods of one revision in one cluster.
type Plane struct {
	Cluster, Namespace string
	// Revision is Istio's: "default" for an istiod without one.
	Revision string
}

// Proxy is one proxy with the control plane that it is connected to.
type Proxy struct {
	proxystatus.Proxy
	Plane Plane
}

// Cluster is a cluster whose istiods are asked.
type Cluster struct {
	Name      string
	Inventory func(context.Context) (*inventory.Inventory, error)
	// Ask asks one istiod.
	Ask func(ctx context.Context, namespace, pod string) ([]byte, error)
}

// Watch asks the istiods of clusters again and again.
type Watch struct {
	clusters []Cluster
	interval time.Duration
	log      *slog.Logger
	told     func([]Proxy)

	mu      sync.Mutex
	names   map[string]bool              // of the clusters
	proxies map[string]map[Plane][]Proxy // by cluster, of the planes that have answered
}

// New returns a Watch that asks once an interval. told is called with all proxies after each round.
func New(clusters []Cluster, interval time.Duration, log *slog.Logger, told func([]Proxy)) *Watch {
	names := map[string]bool{}
	for _, c := range clusters {
		names[c.Name] = true
	}
	return &Watch{clusters: clusters, interval: interval, log: log, told: told, names: names, proxies: map[string]map[Plane][]Proxy{}}
}

// Of returns the proxies that are connected to a control plane; false when it has not answered.
func (w *Watch) Of(plane Plane) ([]Proxy, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, known := w.proxies[plane.Cluster][plane]
	return found, known
}

// Run asks those of the clusters that are there from the start until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, c := range w.clusters {
		running.Go(func() { w.keepAsking(ctx, c) })
	}
	running.Wait()
	return nil
}

// Follow asks those of a further cluster until ctx ends, and then forgets it.
func (w *Watch) Follow(ctx context.Context, c Cluster) {
	w.mu.Lock()
	w.names[c.Name] = true
	w.mu.Unlock()
	w.keepAsking(ctx, c)
	w.mu.Lock()
	delete(w.names, c.Name)
	w.mu.Unlock()
	w.note(c.Name, nil)
}

// keepAsking asks again and again: a cluster that does not answer delays no other.
func (w *Watch) keepAsking(ctx context.Context, c Cluster) {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		w.round(ctx, c)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// round asks all istiods of a cluster side by side: one that does not answer delays no other for longer than the time-out.
func (w *Watch) round(ctx context.Context, c Cluster) {
	found := map[Plane][]Proxy{}
	current, err := c.Inventory(ctx)
	if err != nil { // the cluster is not there at the moment
		current = &inventory.Inventory{}
	}
	var mu sync.Mutex
	group := errgroup.Group{}
	group.SetLimit(concurrent)
	for plane, pods := range istiods(c.Name, current) {
		group.Go(func() error {
			connected, err := w.ask(ctx, c, plane, pods)
			if err != nil {
				w.log.DebugContext(ctx, "istiod tells nothing of its proxies", "cluster", plane.Cluster, "revision", plane.Revision, "error", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			found[plane] = connected
			return nil
		})
	}
	_ = group.Wait() // nothing fails
	if ctx.Err() == nil {
		w.note(c.Name, found)
	}
}

// note remembers what the istiods of a cluster told, and tells all.
func (w *Watch) note(cluster string, found map[Plane][]Proxy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proxies[cluster] = found
	var all []Proxy
	for _, of := range w.proxies {
		all = append(all, slices.Concat(slices.Collect(maps.Values(of))...)...)
	}
	w.told(all)
}

// istiods finds the ready pods of each control plane.
func istiods(cluster string, current *inventory.Inventory) map[Plane][]string {
	found := map[Plane][]string{}
	for i := range current.Workloads {
		workload := &current.Workloads[i]
		if workload.Kind != "Deployment" || workload.Labels["app"] != "istiod" {
			continue
		}
		plane := Plane{cluster, workload.Namespace, cmp.Or(workload.Labels[istio.RevisionLabel], "default")}
		for _, pod := range workload.Pods {
			if pod.Ready {
				found[plane] = append(found[plane], pod.Name)
			}
		}
	}
	return found
}

// ask asks all pods of a control plane: each knows only the proxies that are connected to it.
func (w *Watch) ask(ctx context.Context, c Cluster, plane Plane, pods []string) ([]Proxy, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	connected := []Proxy{}
	for _, pod := range pods {
		answer, err := c.Ask(ctx, plane.Namespace, pod)
		if err != nil {
			return nil, err
		}
		proxies, err := proxystatus.Parse(answer, time.Now())
		if err != nil {
			return nil, err
		}
		for _, proxy := range proxies {
			if !w.knows(proxy.Cluster) { // an istiod may have another name for its own cluster
				proxy.Cluster = c.Name
			}
			connected = append(connected, Proxy{proxy, plane})
		}
	}
	return connected, nil
}

func (w *Watch) knows(cluster string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.names[cluster]
}
