package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// resync is when to look again although no change was told.
const resync = 5 * time.Second

// Driver runs the reconcilers from where it is called, round by round, until what a ControlPlane
// asks for is reached. It is what an operator does on events, for a command that ends. On a cluster
// that has an operator it waits for that one's rounds instead.
type Driver struct {
	client             client.WithWatch
	log                *slog.Logger
	controlPlanes      *kube.Reconciler[*smmv1alpha1.ControlPlane]
	istioControlPlanes *kube.Reconciler[*servicemeshv1alpha1.IstioControlPlane]
	istioMeshes        *kube.Reconciler[*servicemeshv1alpha1.IstioMesh]
	istioMeshGateways  *kube.Reconciler[*servicemeshv1alpha1.IstioMeshGateway]

	// forced has control planes removed whoever uses them.
	forced bool
	// operated leaves the rounds to an operator.
	operated bool
}

// NewDriver returns a Driver. kubernetesVersion is that of the cluster, such as v1.36.3.
func NewDriver(c client.WithWatch, releases istio.Releases, kubernetesVersion string, log *slog.Logger) *Driver {
	applier := kube.NewApplier(c).LogTo(log)
	return &Driver{
		client:             c,
		log:                log,
		controlPlanes:      NewReconciler(c, applier, istio.Builtin(), ""),
		istioControlPlanes: controlplane.NewReconciler(c, applier, releases, kubernetesVersion),
		istioMeshes:        controlplane.NewMeshReconciler(c),
		istioMeshGateways:  meshgateway.NewReconciler(c, applier, releases, kubernetesVersion),
	}
}

// Watch is told after each round how far the ControlPlane is; nil when it does not exist any more.
type Watch func(cp *smmv1alpha1.ControlPlane, waiting string)

// Install reconciles until the ControlPlane has succeeded, an error needs somebody to act, or the
// context ends; the error then says what was waited for.
func (d *Driver) Install(ctx context.Context, name string, watch Watch) error {
	return d.drive(ctx, name, watch, func(cp *smmv1alpha1.ControlPlane) (bool, error) {
		if cp == nil {
			return false, fmt.Errorf("ControlPlane %s was deleted meanwhile", name)
		}
		return cp.Status.Status == smmv1alpha1.StatusSucceeded && cp.Status.ObservedGeneration == cp.Generation, nil
	})
}

// Uninstall deletes the ControlPlane and reconciles until nothing is left of it.
func (d *Driver) Uninstall(ctx context.Context, name string, watch Watch) error {
	cp := &smmv1alpha1.ControlPlane{}
	cp.Name = name
	if err := d.client.Delete(ctx, cp); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete ControlPlane %s: %w", name, err)
	}
	if d.forced {
		// Only now: a control plane whose removal was not begun stays protected.
		if err := d.release(ctx, name); err != nil {
			return err
		}
	}
	return d.finishRemoval(ctx, name, watch)
}

// finishRemoval reconciles a ControlPlane that is being deleted until nothing is left of it.
func (d *Driver) finishRemoval(ctx context.Context, name string, watch Watch) error {
	return d.drive(ctx, name, watch, func(cp *smmv1alpha1.ControlPlane) (bool, error) { return cp == nil, nil })
}

func (d *Driver) drive(ctx context.Context, name string, watch Watch, reached func(*smmv1alpha1.ControlPlane) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := kube.Changes(ctx, d.client, []client.ObjectList{
		&smmv1alpha1.ControlPlaneList{}, &servicemeshv1alpha1.IstioControlPlaneList{}, &servicemeshv1alpha1.IstioMeshGatewayList{},
		&servicemeshv1alpha1.IstioMeshList{}, &appsv1.DeploymentList{}, &appsv1.DaemonSetList{}, &corev1.ConfigMapList{}, &corev1.PodList{}, &corev1.ServiceList{},
	})
	waiting := "the first round"
	for {
		outcome, err := d.round(ctx, name)
		if ctx.Err() != nil {
			return fmt.Errorf("stopped while waiting: %s: %w", waiting, context.Cause(ctx))
		}
		if err != nil && !kube.IsTransient(err) {
			return err
		}
		cp, readErr := d.read(ctx, name)
		if readErr != nil && !kube.IsTransient(readErr) {
			return readErr
		}
		d.log.Debug("reconciled", "waiting", outcome.Waiting, "error", errors.Join(err, readErr))
		if err == nil && readErr == nil {
			waiting = outcome.Waiting
			if watch != nil {
				watch(cp, waiting)
			}
			if done, err := reached(cp); done || err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting: %s: %w", waiting, context.Cause(ctx))
		case <-changes:
		case <-time.After(resync):
		}
	}
}

// round reconciles the ControlPlane, every IstioMesh, IstioControlPlane and IstioMeshGateway, and
// the ControlPlane again if that made a difference for it.
func (d *Driver) round(ctx context.Context, name string) (kube.Outcome, error) {
	if d.operated {
		return d.follow(ctx, name)
	}
	key := client.ObjectKey{Name: name}
	outcome, err := d.controlPlanes.Reconcile(ctx, key)
	if meshesErr := d.reconcileMeshes(ctx); meshesErr != nil {
		return outcome, errors.Join(err, meshesErr)
	}
	var all servicemeshv1alpha1.IstioControlPlaneList
	if listErr := d.client.List(ctx, &all); listErr != nil {
		return outcome, errors.Join(err, fmt.Errorf("list IstioControlPlanes: %w", listErr))
	}
	progressed := false
	for i := range all.Items {
		icp, icpErr := d.istioControlPlanes.Reconcile(ctx, client.ObjectKeyFromObject(&all.Items[i]))
		if icpErr != nil {
			return icp, icpErr
		}
		progressed = progressed || icp.Done
	}
	if gatewaysErr := d.reconcileGateways(ctx); gatewaysErr != nil {
		return outcome, errors.Join(err, gatewaysErr)
	}
	if progressed && !outcome.Done {
		return d.controlPlanes.Reconcile(ctx, key)
	}
	return outcome, err
}

// reconcileMeshes reconciles every IstioMesh. What is wrong with one is its own matter, and that of
// the control planes that inherit from it.
func (d *Driver) reconcileMeshes(ctx context.Context) error {
	var all servicemeshv1alpha1.IstioMeshList
	if err := d.client.List(ctx, &all); err != nil {
		return fmt.Errorf("list IstioMeshes: %w", err)
	}
	for i := range all.Items {
		if _, err := d.istioMeshes.Reconcile(ctx, client.ObjectKeyFromObject(&all.Items[i])); kube.IsTransient(err) {
			return err
		}
	}
	return nil
}

func (d *Driver) read(ctx context.Context, name string) (*smmv1alpha1.ControlPlane, error) {
	cp := &smmv1alpha1.ControlPlane{}
	err := d.client.Get(ctx, client.ObjectKey{Name: name}, cp)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ControlPlane %s: %w", name, err)
	}
	return cp, nil
}
