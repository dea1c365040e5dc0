package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/health"
	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/istio"
)

// planes stands for control planes, as no istiod runs here: one, to which the proxies are connected that are named.
type planes struct {
	mu              sync.Mutex
	namespace, name string
	proxies         []string
}

func (p *planes) set(namespace, name string, proxies ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.namespace, p.name, p.proxies = namespace, name, proxies
}

func (p *planes) inventory(context.Context) (*inventory.Inventory, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &inventory.Inventory{Workloads: []inventory.Workload{{
		Namespace: p.namespace, Kind: "Deployment", Name: "istiod", Labels: map[string]string{"app": "istiod", istio.RevisionLabel: p.name},
		Pods: []inventory.Pod{{Name: "istiod-1", Ready: true}},
	}}}, nil
}

func (p *planes) ask(context.Context, string, string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, name := range p.proxies {
		all = append(all, fmt.Sprintf(`{"cluster_id": "c1", "proxy": %q, "istio_version": "1.31.1", "cluster_sent": "1", "cluster_acked": "1",
			"listener_sent": "2", "listener_acked": "1", "resources": {"type.googleapis.com/envoy.config.route.v3.RouteConfiguration": {"lastError": "no"}}}`, name))
	}
	return []byte("[" + strings.Join(all, ",") + "]"), nil
}

// judge finds every object of its namespaces in good health.
type judge struct {
	mu         sync.Mutex
	namespaces map[string]string // with the names of their objects
}

func (j *judge) add(namespace, name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.namespaces == nil {
		j.namespaces = map[string]string{}
	}
	j.namespaces[namespace] = name
}

// Reports implements graph.Judge.
func (j *judge) Reports(context.Context, string, time.Time) (map[health.Object]health.Report, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	reports := map[health.Object]health.Report{}
	for namespace, name := range j.namespaces {
		explained := []health.Judgement{{Measure: health.P95, Verdict: health.Healthy, Score: 100, Explanation: name + " is as ever"}}
		report := health.Report{Verdict: health.Healthy, Score: 100, Measures: explained}
		reports[health.Object{Namespace: namespace, Name: name + "-service", Service: true}] = report
		reports[health.Object{Namespace: namespace, Name: name + "-pod"}] = report
		reports[health.Object{Namespace: namespace, Name: name + "-gateway"}] = report
	}
	return reports, nil
}

// History implements graph.Judge.
func (j *judge) History(_ context.Context, _ string, object health.Object, from, _ time.Time, _ int) ([]health.Point, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, known := j.namespaces[object.Namespace]; !known {
		return nil, nil
	}
	return []health.Point{{At: from, Verdict: health.Healthy, Score: 99}}, nil
}

// Recent implements graph.Judge.
func (j *judge) Recent(_ string, object health.Object) []health.Point {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, known := j.namespaces[object.Namespace]; !known {
		return nil
	}
	return []health.Point{{At: time.Unix(0, 0), Verdict: health.Warning, Score: 70}}
}
