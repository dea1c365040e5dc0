package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/operator"
)

// reconcileRounds is how often a control plane that needs nothing is reconciled.
const reconcileRounds = 20

// measureReconcile reconciles the installed control plane, which is as it should be, and counts requests and writes: as the
// command line does, which asks the API server for every object, and as the operator does, which is told of changes.
func measureReconcile(ctx context.Context, config *rest.Config, r *report) error {
	var requests requestCounter
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	version, err := server.ServerVersion()
	if err != nil {
		return err
	}
	asking, err := countingClient(config, &requests)
	if err != nil {
		return err
	}
	watching, stop, err := watchingClient(ctx, countedConfig(config, &requests))
	if err != nil {
		return err
	}
	defer stop()
	newReconciler := func(c client.Client) *kube.Reconciler[*v1alpha1.IstioControlPlane] {
		return controlplane.NewReconciler(c, kube.NewApplier(c), istio.Builtin(), version.GitVersion)
	}
	// The demo application came after the last reconciliation; its namespace belongs into the status.
	if _, err := newReconciler(asking).Reconcile(ctx, measuredControlPlane()); err != nil {
		return fmt.Errorf("reconcile %s: %w", measuredControlPlane(), err)
	}
	if err := measureRounds(ctx, newReconciler(asking), &requests, "no-op reconcile, command line", "", r); err != nil {
		return err
	}
	return measureRounds(ctx, newReconciler(watching), &requests, "no-op reconcile, operator", "under 50 ms", r)
}

func measuredControlPlane() client.ObjectKey {
	return client.ObjectKey{Name: istio.ControlPlaneName(istio.Builtin()[0].Version), Namespace: istio.DefaultNamespace}
}

// measureRounds reconciles what needs nothing. The first round of a process, which has nothing in memory, is measured apart.
func measureRounds(ctx context.Context, reconciler *kube.Reconciler[*v1alpha1.IstioControlPlane], requests *requestCounter, name, aim string, r *report) error {
	for round := range reconcileRounds {
		requests.reset()
		start := time.Now()
		outcome, err := reconciler.Reconcile(ctx, measuredControlPlane())
		if err != nil {
			return fmt.Errorf("reconcile %s: %w", measuredControlPlane(), err)
		}
		if !outcome.Done {
			return fmt.Errorf("reconcile %s: it waits: %s", measuredControlPlane(), outcome.Waiting)
		}
		took := time.Since(start)
		if round == 0 {
			r.milliseconds(name+", first of a process", took, "")
			r.count(name+", first of a process: writes", float64(requests.writes.Load()), "0")
			continue
		}
		r.milliseconds(name, took, aim)
		r.count(name+": reads", float64(requests.reads.Load()), "")
		r.count(name+": writes", float64(requests.writes.Load()), "0")
	}
	return nil
}

// watchingClient returns a client that reads as the operator's does, from caches that watches fill. stop ends the watches.
func watchingClient(ctx context.Context, config *rest.Config) (c client.Client, stop func(), err error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, nil, err
	}
	watched, err := cluster.New(config, func(options *cluster.Options) {
		options.Scheme = scheme
		options.Cache = operator.CacheOptions()
		options.Client = operator.ClientOptions()
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = watched.Start(ctx) }) // it ends with the context
	return watched.GetClient(), func() { cancel(); running.Wait() }, nil
}

// countedConfig is a connection whose requests are counted.
func countedConfig(config *rest.Config, requests *requestCounter) *rest.Config {
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			requests.count(request)
			return next.RoundTrip(request)
		})
	})
	return counted
}

// countingClient returns a client whose requests are counted.
func countingClient(config *rest.Config, requests *requestCounter) (client.Client, error) {
	scheme, err := api.NewScheme()
	if err != nil {
		return nil, err
	}
	return client.New(countedConfig(config, requests), client.Options{Scheme: scheme})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// requestCounter counts the requests to an API server. A dry run is a read: nothing changes.
type requestCounter struct{ reads, writes atomic.Int64 }

func (c *requestCounter) count(request *http.Request) {
	if request.Method == http.MethodGet || request.URL.Query().Has("dryRun") {
		c.reads.Add(1)
	} else {
		c.writes.Add(1)
	}
}

func (c *requestCounter) reset() {
	c.reads.Store(0)
	c.writes.Store(0)
}
