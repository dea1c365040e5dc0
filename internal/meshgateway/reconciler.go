package meshgateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted IstioMeshGateway until its objects are gone.
const finalizer = "servicemesh.cisco.com/istiomeshgateway"

// NewReconciler returns the reconciler of IstioMeshGateways. kubernetesVersion is that of the
// cluster, such as v1.36.3.
func NewReconciler(c client.Client, applier *kube.Applier, releases istio.Releases, kubernetesVersion string) *kube.Reconciler[*v1alpha1.IstioMeshGateway] {
	return &kube.Reconciler[*v1alpha1.IstioMeshGateway]{
		Client:    c,
		New:       func() *v1alpha1.IstioMeshGateway { return &v1alpha1.IstioMeshGateway{} },
		Finalizer: finalizer,
		Logic: &logic{
			client: c, applier: applier, releases: releases, rendered: newRenderings(),
			cluster: &clusterFacts{kubernetesVersion: kubernetesVersion, mapper: c.RESTMapper()},
		},
	}
}

type logic struct {
	client   client.Client
	applier  *kube.Applier
	releases istio.Releases
	cluster  *clusterFacts
	rendered *renderings
}

// Reconcile applies what the gateway consists of and describes what has become of it.
func (l *logic) Reconcile(ctx context.Context, gateway *v1alpha1.IstioMeshGateway, save kube.Save) (kube.Outcome, error) {
	around, seen, err := observe(ctx, l.client, gateway)
	if err != nil {
		return kube.Outcome{}, err
	}
	if found := obstacleTo(gateway, around); found != nil {
		return held(gateway, found), nil
	}
	injection, release, found := l.injection(ctx, around.controlPlane, seen)
	if found != nil {
		return held(gateway, found), nil
	}
	cluster, err := l.cluster.get()
	if err != nil {
		return kube.Outcome{}, err
	}
	objects, err := l.rendered.objects(gateway, injection, release, cluster)
	if err != nil {
		return kube.Outcome{}, err
	}
	if gateway.Status.Status == "" || gateway.Status.ObservedGeneration != gateway.Generation {
		setState(gateway, v1alpha1.ConfigStateReconciling, string(v1alpha1.ConfigStateReconciling), "applying the gateway's objects")
	}
	seen, err = l.apply(ctx, gateway, objects, seen, save)
	if err != nil {
		return kube.Outcome{}, err
	}
	if waiting := describe(gateway, seen); waiting != "" {
		return kube.Wait(waiting), nil
	}
	return kube.Done(), nil
}

// injection is what the gateway's pods are to be injected with, and its release: what the control
// plane injects, or, while that is not settled, what the pods were injected with before.
func (l *logic) injection(ctx context.Context, icp *v1alpha1.IstioControlPlane, seen workload) (Injection, istio.Release, *obstacle) {
	if release, err := l.releases.Release(ctx, icp.Spec.Version); err == nil {
		if injection, settled := injectionOf(icp, release.Version); settled {
			return injection, release, nil
		}
	}
	if injection, known := injected(seen.deployment, istio.Revision{Name: icp.Name, Namespace: icp.Namespace}); known {
		if release, err := l.releases.Release(ctx, injection.Version); err == nil {
			return injection, release, nil
		}
	}
	return Injection{}, istio.Release{}, controlPlaneUnsettled(icp)
}

// apply makes the gateway's objects what they should be and returns what they are then.
func (l *logic) apply(ctx context.Context, gateway *v1alpha1.IstioMeshGateway, objects []*unstructured.Unstructured, seen workload, save kube.Save) (workload, error) {
	if err := l.restorePorts(ctx, seen.service, objects, ownerOf(gateway)); err != nil {
		return seen, err
	}
	if scaleOf(gateway.Spec.Deployment).automatic {
		if err := kube.HandOverReplicas(ctx, l.client, seen.deployment); err != nil {
			return seen, err
		}
	}
	record := func(ctx context.Context, refs []kube.Ref) error {
		gateway.Status.Inventory = kube.Entries(refs)
		return save(ctx)
	}
	report, err := l.applier.Sync(ctx, ownerOf(gateway), objects, kube.Refs(gateway.Status.Inventory), record)
	if err != nil || len(report.Written()) == 0 {
		return seen, err
	}
	return observeWorkload(ctx, l.client, gateway)
}

// held notes what the gateway waits for without anything being done.
func held(gateway *v1alpha1.IstioMeshGateway, found *obstacle) kube.Outcome {
	gateway.Status.ErrorMessage = ""
	if found.state == v1alpha1.ConfigStateReconcileFailed {
		gateway.Status.ErrorMessage = found.message
	}
	setState(gateway, found.state, found.reason, found.message)
	return kube.Wait(found.message)
}

// Fail notes the error for users: the cause in ErrorMessage, the state ReconcileFailed. That
// somebody else wrote at the same time is no failure: the next round sees what they wrote.
func (l *logic) Fail(gateway *v1alpha1.IstioMeshGateway, err error) {
	if errors.Is(err, context.Canceled) || apierrors.IsConflict(err) {
		return
	}
	gateway.Status.ErrorMessage = strings.Join(strings.Split(err.Error(), "\n"), "; ") // one line in tables
	setState(gateway, v1alpha1.ConfigStateReconcileFailed, string(v1alpha1.ConfigStateReconcileFailed), gateway.Status.ErrorMessage)
}

// Finalize removes the gateway's objects.
func (l *logic) Finalize(ctx context.Context, gateway *v1alpha1.IstioMeshGateway, _ kube.Save) (kube.Outcome, error) {
	inventory := kube.Refs(gateway.Status.Inventory)
	if _, err := l.applier.Remove(ctx, ownerOf(gateway), inventory); err != nil {
		return kube.Outcome{}, err
	}
	remaining, err := l.applier.Remaining(ctx, ownerOf(gateway), inventory)
	if err != nil {
		return kube.Outcome{}, err
	}
	if len(remaining) > 0 {
		return kube.Wait(fmt.Sprintf("%s to be removed", remaining[0])), nil
	}
	l.rendered.forget(gateway)
	return kube.Done(), nil
}

func ownerOf(gateway *v1alpha1.IstioMeshGateway) kube.Owner {
	return kube.Owner{Kind: v1alpha1.KindIstioMeshGateway, Namespace: gateway.Namespace, Name: gateway.Name}
}
