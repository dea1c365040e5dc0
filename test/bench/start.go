package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/demoapp"
	"github.com/meshmanager/smm/internal/kube"
)

const (
	pollInterval = 25 * time.Millisecond
	// trafficWindow is over how long calls are counted; what is measured with it is late by half of it, on average.
	trafficWindow = 300 * time.Millisecond
)

// watchStart follows a sandbox that is coming up from outside and reports when each stage was reached, counted from
// the start of `smm sandbox up --demo`.
func watchStart(ctx context.Context, box sandbox, started time.Time, r *report) (*rest.Config, error) {
	config, err := box.kubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	stages := []struct {
		name, aim string
		reached   func(context.Context) (bool, error)
	}{
		{"sandbox up → API server ready", "under 5 s", apiReady(client)},
		{"sandbox up → istiod ready", "", deploymentsReady(client, "istio-system")},
		{"sandbox up → demo workloads ready", "", deploymentsReady(client, demoapp.DefaultNamespace)},
		{"sandbox up → all call each other over mutual TLS", "under 30 s", allCalled(config)},
	}
	for _, stage := range stages {
		if err := poll(ctx, stage.reached); err != nil {
			return nil, fmt.Errorf("%s: %w", stage.name, err)
		}
		r.seconds(stage.name, time.Since(started), stage.aim)
	}
	return config, nil
}

func apiReady(client kubernetes.Interface) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	}
}

// deploymentsReady waits until a namespace has Deployments and all of them are available.
func deploymentsReady(client kubernetes.Interface, namespace string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		found, err := client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
		return err == nil && allReady(found.Items), nil
	}
}

func allReady(deployments []appsv1.Deployment) bool {
	for i := range deployments {
		if ready, _ := kube.DeploymentReady(&deployments[i]); !ready {
			return false
		}
	}
	return len(deployments) > 0
}

// allCalled waits until every workload but the load generator was called, and every request came over mutual TLS.
func allCalled(config *rest.Config) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		application, err := demoapp.New(config)
		if err != nil {
			return false, err
		}
		traffic, err := application.Traffic(ctx, demoapp.DefaultNamespace, trafficWindow)
		return err == nil && allSecurelyCalled(traffic), nil
	}
}

func allSecurelyCalled(traffic []demoapp.WorkloadTraffic) bool {
	for _, workload := range traffic {
		if workload.Workload != demoapp.LoadGenerator && !securelyCalled(workload) {
			return false
		}
	}
	return len(traffic) > 0
}

// securelyCalled tells whether a workload got calls, all over mutual TLS. Workloads that are called over plain TCP only
// cannot have mutual TLS without Envoy.
func securelyCalled(workload demoapp.WorkloadTraffic) bool {
	if workload.RequestsPerSecond == 0 {
		return workload.ConnectionsPerSecond > 0
	}
	return workload.MutualTLS != nil && *workload.MutualTLS == 1
}

// poll asks until the answer is yes, an error, or the context's end.
func poll(ctx context.Context, reached func(context.Context) (bool, error)) error {
	for {
		if yes, err := reached(ctx); yes || err != nil {
			return err
		}
		if err := pause(ctx, pollInterval); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
