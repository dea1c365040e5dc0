package controlplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted IstioControlPlane until its objects are gone.
const finalizer = "servicemesh.cisco.com/istiocontrolplane"

// NewReconciler returns the reconciler of IstioControlPlanes. kubernetesVersion is that of the
// cluster, such as v1.36.3.
func NewReconciler(c client.Client, applier *kube.Applier, releases istio.Releases, kubernetesVersion string) *kube.Reconciler[*v1alpha1.IstioControlPlane] {
	return &kube.Reconciler[*v1alpha1.IstioControlPlane]{
		Client:    c,
		New:       func() *v1alpha1.IstioControlPlane { return &v1alpha1.IstioControlPlane{} },
		Finalizer: finalizer,
		Logic: &logic{
			client: c, applier: applier, releases: releases,
			kubernetesVersion: kubernetesVersion, platform: &platform{mapper: c.RESTMapper()},
		},
	}
}

type logic struct {
	client            client.Client
	applier           *kube.Applier
	releases          istio.Releases
	kubernetesVersion string
	platform          *platform
	memory            memory
}

// Reconcile applies what the control plane consists of and describes what has become of it.
func (l *logic) Reconcile(ctx context.Context, icp *v1alpha1.IstioControlPlane, save kube.Save) (kube.Outcome, error) {
	if err := l.nameNetwork(ctx, icp); err != nil {
		return kube.Outcome{}, err
	}
	if icp.Spec.Mode == v1alpha1.ModePassive {
		return l.reconcilePassive(ctx, icp, save)
	}
	describeUnsupported(icp)
	rendered, err := l.render(ctx, icp)
	if err != nil {
		return kube.Outcome{}, err
	}
	if icp.Status.Status == "" || icp.Status.ObservedGeneration != icp.Generation {
		setState(icp, v1alpha1.ConfigStateReconciling, "applying the control plane's objects")
	}
	if err := l.sync(ctx, icp, rendered.ControlPlane, rendered.except(rendered.Expansion, rendered.Remotes), save); err != nil {
		return kube.Outcome{}, err
	}
	seen, err := observe(ctx, l.client, revisionOf(icp), rendered.ControlPlane)
	if err != nil {
		return kube.Outcome{}, err
	}
	describe(icp, seen, rendered.ControlPlane)
	state, message := judge(seen)
	setIstiodReady(icp, state, message)
	if err := l.sync(ctx, icp, rendered.Remotes, rendered.except(rendered.ControlPlane, rendered.Expansion), save); err != nil {
		return kube.Outcome{}, err
	}
	if state != v1alpha1.ConfigStateAvailable {
		setState(icp, state, message)
		// What istiod itself brings about, such as its root certificate, is not watched.
		return kube.Look(message), nil
	}
	waiting, err := l.expand(ctx, icp, rendered.Expansion, rendered.except(rendered.ControlPlane, rendered.Remotes), save)
	if err != nil {
		return kube.Outcome{}, err
	}
	if waiting = cmp.Or(waiting, seen.waiting); waiting != "" {
		setState(icp, v1alpha1.ConfigStateReconciling, waiting)
		return kube.Wait(waiting), nil
	}
	setState(icp, state, message)
	return rechecked(settled(icp, append(rendered.Expansion, rendered.Remotes...)), rendered.source), nil
}

// sync applies one part of what the control plane consists of, and prunes what is neither in it
// nor in the rest.
func (l *logic) sync(ctx context.Context, icp *v1alpha1.IstioControlPlane, part []*unstructured.Unstructured, rest []kube.Ref, save kube.Save) error {
	known := kube.Refs(icp.Status.Inventory)
	mine := kube.Difference(known, rest)
	kept := kube.Difference(known, mine)
	record := func(ctx context.Context, refs []kube.Ref) error {
		icp.Status.Inventory = kube.Entries(kube.Union(refs, kept))
		return save(ctx)
	}
	_, err := l.applier.Sync(ctx, ownerOf(icp), part, mine, record)
	return err
}

// rendering is what is applied, and what is not removed although it is not applied any more.
type rendering struct {
	Rendered
	passedOn []kube.Ref
	unknown  []kube.Ref // credentials of peers that are not known now
	source   istio.Source
}

// except are what is not removed while a part is brought about: the other parts, and what is not this control plane's
// to remove.
func (r rendering) except(parts ...[]*unstructured.Unstructured) []kube.Ref {
	kept := kube.Union(r.passedOn, r.unknown)
	for _, part := range parts {
		kept = kube.Union(kept, kube.RefsOf(part))
	}
	return kept
}

// render also brings Istio's CRDs, which the objects need to mean anything and which stay.
func (l *logic) render(ctx context.Context, icp *v1alpha1.IstioControlPlane) (rendering, error) {
	release, err := l.releases.Release(ctx, icp.Spec.Version)
	if err != nil {
		return rendering{}, err
	}
	describeSource(icp, release.Source)
	all, err := l.list(ctx)
	if err != nil {
		return rendering{}, err
	}
	facts, err := l.factsOf(ctx, icp, all)
	if err != nil {
		return rendering{}, err
	}
	rendered, err := l.memory.render(icp, release, facts)
	if err != nil {
		return rendering{}, err
	}
	if err := l.applyCRDs(ctx, release, all); err != nil {
		return rendering{}, err
	}
	var unknown []kube.Ref
	if rendered.Remotes, unknown, err = l.remotes(ctx, icp, facts.Peers); err != nil {
		return rendering{}, err
	}
	obsolete := kube.Difference(kube.Refs(icp.Status.Inventory), kube.RefsOf(rendered.All()))
	passedOn, err := l.passedOn(ctx, icp, all, obsolete)
	return rendering{rendered, passedOn, unknown, release.Source}, err
}

// list returns the control planes of the cluster.
func (l *logic) list(ctx context.Context) ([]v1alpha1.IstioControlPlane, error) {
	var all v1alpha1.IstioControlPlaneList
	if err := l.client.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("list IstioControlPlanes: %w", err)
	}
	return all.Items, nil
}

// Fail notes the error for users: the cause in errorMessage, the state ReconcileFailed.
func (l *logic) Fail(icp *v1alpha1.IstioControlPlane, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	icp.Status.ObservedGeneration = icp.Generation
	icp.Status.ErrorMessage = oneLine(err)
	setState(icp, v1alpha1.ConfigStateReconcileFailed, icp.Status.ErrorMessage)
}

// Finalize waits until nobody uses the control plane any more, removes its objects, webhooks first,
// and then what istiod itself left in all namespaces, if no other control plane uses it.
func (l *logic) Finalize(ctx context.Context, icp *v1alpha1.IstioControlPlane, _ kube.Save) (kube.Outcome, error) {
	if users, err := l.users(ctx, icp); err != nil {
		return kube.Outcome{}, err
	} else if users != "" {
		return heldBy(icp, users), nil
	}
	meta.RemoveStatusCondition(&icp.Status.Conditions, v1alpha1.ConditionInUse)
	inventory := kube.Refs(icp.Status.Inventory)
	all, err := l.list(ctx)
	if err != nil {
		return kube.Outcome{}, err
	}
	passedOn, err := l.passedOn(ctx, icp, all, inventory)
	if err != nil {
		return kube.Outcome{}, err
	}
	if _, err := l.applier.Remove(ctx, ownerOf(icp), kube.Difference(inventory, passedOn)); err != nil {
		return kube.Outcome{}, err
	}
	remaining, err := l.applier.Remaining(ctx, ownerOf(icp), inventory)
	if err != nil {
		return kube.Outcome{}, err
	}
	if removed := kube.Difference(remaining, passedOn); len(removed) > 0 {
		return kube.Wait(fmt.Sprintf("%s to be removed", removed[0])), nil
	}
	if len(remaining) > 0 {
		return kube.Look(fmt.Sprintf("%s to be taken over by another control plane", remaining[0])), nil
	}
	pods, err := istiodPods(ctx, l.client, revisionOf(icp))
	if err != nil {
		return kube.Outcome{}, err
	}
	if len(pods) > 0 {
		return kube.Look(fmt.Sprintf("Pod %s/%s to stop", pods[0].Namespace, pods[0].Name)), nil
	}
	if err := errors.Join(l.removeRootCertificates(ctx, icp), l.forgetNetwork(ctx, icp, all)); err != nil {
		return kube.Outcome{}, err
	}
	l.memory.forget(icp)
	return kube.Done(), nil
}

func ownerOf(icp *v1alpha1.IstioControlPlane) kube.Owner {
	return kube.Owner{Kind: v1alpha1.KindIstioControlPlane, Namespace: icp.Namespace, Name: icp.Name}
}
