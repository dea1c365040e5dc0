package migration

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/revision"
	"github.com/meshmanager/smm/internal/revision/census"
)

// resync is when to look again although no change was told.
const resync = 5 * time.Second

// Options are the settings of a Migrator.
type Options struct {
	// AtOnce is how many workloads may be without some of their pods at the same time; at least 1.
	AtOnce int
	// Patience is how long a restarted workload may take to become healthy.
	Patience time.Duration
}

// Migrator moves namespaces between the control planes of one cluster.
type Migrator struct {
	client  client.WithWatch
	options Options
}

// New returns a Migrator. The client's scheme has to be that of package api.
func New(c client.WithWatch, options Options) *Migrator {
	return &Migrator{client: c, options: options}
}

// Result is what a migration came to.
type Result struct {
	Namespace string `json:"namespace"`
	// From and To are values of the namespace's revision label.
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// Restarted are the workloads that this run restarted.
	Restarted []string `json:"restarted,omitempty"`
	// Left is what stays where it is.
	Left []Left `json:"left,omitempty"`
}

// StoppedError tells that a migration stopped because a workload is not healthy. What was moved
// stays moved.
type StoppedError struct {
	Namespace    string
	Reason       string
	Moved, Total int
}

// Error says why, and how far the migration is.
func (e *StoppedError) Error() string {
	return fmt.Sprintf("namespace %s: stopped with %d of %d workloads moved: %s", e.Namespace, e.Moved, e.Total, e.Reason)
}

// Target finds where a namespace is to go: to the named control plane, <name> or
// <name>.<namespace>, or with "" back to where it was before its last migration. The control plane
// must be available.
func (m *Migrator) Target(ctx context.Context, namespace, controlPlane string) (Target, error) {
	live := &corev1.Namespace{}
	err := m.client.Get(ctx, client.ObjectKey{Name: namespace}, live)
	if apierrors.IsNotFound(err) {
		return Target{}, fmt.Errorf("there is no namespace %q", namespace)
	}
	if err != nil {
		return Target{}, fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	cluster, err := census.Selectors(ctx, m.client)
	if err != nil {
		return Target{}, err
	}
	target, err := choose(cluster, live, controlPlane)
	if err != nil {
		return Target{}, err
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := m.client.Get(ctx, client.ObjectKey{Namespace: target.Plane.Namespace, Name: target.Plane.Name}, icp); err != nil {
		return Target{}, fmt.Errorf("read IstioControlPlane %s/%s: %w", target.Plane.Namespace, target.Plane.Name, err)
	}
	return target, available(icp)
}

// available fails unless the control plane can take over workloads.
func available(icp *v1alpha1.IstioControlPlane) error {
	switch {
	case icp.DeletionTimestamp != nil:
		return fmt.Errorf("control plane %s is being deleted", icp.Name)
	case icp.Status.Status != v1alpha1.ConfigStateAvailable || icp.Status.ObservedGeneration != icp.Generation:
		return fmt.Errorf("control plane %s is not available (%s): see `kubectl describe istiocontrolplane -n %s %s`",
			icp.Name, icp.Status.Status, icp.Namespace, icp.Name)
	}
	return nil
}

// Plan tells what Run would do.
func (m *Migrator) Plan(ctx context.Context, namespace string, target Target) (Plan, error) {
	selected, err := m.selects(ctx, target.Plane)
	if err != nil {
		return Plan{}, err
	}
	state, err := observe(ctx, m.client, namespace, selected)
	if err != nil {
		return Plan{}, err
	}
	return PlanOf(state, target), nil
}

// Run moves the namespace and returns when all its workloads are healthy on the target. It can be
// repeated, also after it was interrupted at any point. watch is told how far it is. The error is
// a *StoppedError when a workload does not become healthy.
func (m *Migrator) Run(ctx context.Context, namespace string, target Target, watch func(string)) (Result, error) {
	selected, err := m.selects(ctx, target.Plane)
	if err != nil {
		return Result{}, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes := kube.Changes(watching, m.client, []client.ObjectList{
		&appsv1.DeploymentList{}, &appsv1.StatefulSetList{}, &appsv1.DaemonSetList{}, &corev1.PodList{},
	}, client.InNamespace(namespace))
	run := &run{Migrator: m, namespace: namespace, target: target, since: map[string]time.Time{}, result: Result{Namespace: namespace, To: target.Label}}
	for {
		state, err := observe(ctx, m.client, namespace, selected)
		if err == nil {
			var done bool
			if done, err = run.step(ctx, state, watch); done {
				return run.result, err
			}
		}
		if err != nil && !kube.IsTransient(err) {
			return run.result, err
		}
		if err == nil && !run.waiting {
			continue
		}
		select {
		case <-ctx.Done():
			return run.result, fmt.Errorf("namespace %s: %w", namespace, context.Cause(ctx))
		case <-changes:
		case <-time.After(resync):
		}
	}
}

// selects tells which values of the revision label select the control plane.
func (m *Migrator) selects(ctx context.Context, plane istio.Revision) (func(string) bool, error) {
	cluster, err := census.Selectors(ctx, m.client)
	if err != nil {
		return nil, err
	}
	return func(label string) bool { return selects(cluster, label, plane) }, nil
}

func selects(cluster revision.Cluster, label string, plane istio.Revision) bool {
	planes := cluster.Selected(label)
	return len(planes) == 1 && planes[0] == plane
}
