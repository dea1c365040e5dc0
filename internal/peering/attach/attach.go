package attach

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/platform"
)

// look is how often it is looked whether what is waited for has come.
const look = time.Second

// Watch is told what is waited for.
type Watch func(waiting string)

// Attachment takes one cluster into the mesh of another.
type Attachment struct {
	Plan Plan

	first, peer Cluster
	seen        input
}

// Prepare observes both clusters and plans. Nothing is written.
func Prepare(ctx context.Context, first, peer Cluster, options Options) (*Attachment, error) {
	seen := input{options: options}
	var err error
	if seen.first, err = observe(ctx, first.Client); err != nil {
		return nil, err
	}
	if seen.peer, err = observe(ctx, peer.Client); err != nil {
		return nil, fmt.Errorf("peer cluster: %w", err)
	}
	planned, err := plan(seen)
	if err != nil {
		return nil, err
	}
	return &Attachment{Plan: planned, first: first, peer: peer, seen: seen}, nil
}

// Run attaches the cluster, and returns when both know each other. It can be repeated, also after it was interrupted.
func (a *Attachment) Run(ctx context.Context, watch Watch) error {
	if err := a.installFirst(ctx, watch); err != nil {
		return err
	}
	if err := a.installPeer(ctx, watch); err != nil {
		return fmt.Errorf("cluster %s: %w", a.Plan.Cluster, err)
	}
	return a.exchange(ctx, watch)
}

func (a *Attachment) installFirst(ctx context.Context, watch Watch) error {
	cp, err := firstPlatform(a.Plan, a.seen.first)
	if err != nil {
		return err
	}
	if err := say(ctx, a.first.Client, a.seen.first.platform, cp); err != nil {
		return err
	}
	return a.first.Installer.Reconcile(ctx, cp.Name, told(a.seen.first.platform.Spec.ClusterName, watch))
}

func (a *Attachment) installPeer(ctx context.Context, watch Watch) error {
	cp, err := peerPlatform(a.Plan, a.seen.first, a.seen.peer)
	if err != nil {
		return err
	}
	if was := a.seen.peer.platform; was != nil {
		cp.ObjectMeta = *was.ObjectMeta.DeepCopy()
		cp.Status = was.Status
		if err := say(ctx, a.peer.Client, was, cp); err != nil {
			return err
		}
		return a.peer.Installer.Reconcile(ctx, cp.Name, told(a.Plan.Cluster, watch))
	}
	prepared, err := a.peer.Installer.PrepareControlPlane(ctx, cp)
	if err != nil {
		return err
	}
	if a.Plan.CommonRoot {
		if err := a.giveAuthority(ctx, cp); err != nil {
			return err
		}
	}
	return prepared.Install(ctx, told(a.Plan.Cluster, watch))
}

// giveAuthority has the peer's istiod find an authority when it starts, in its namespace, which belongs to the
// ControlPlane as if that had made it.
func (a *Attachment) giveAuthority(ctx context.Context, cp *smmv1alpha1.ControlPlane) error {
	namespace := a.seen.first.icp.Namespace
	for _, object := range platform.Namespaces(cp, istio.Builtin()) {
		if object.GetName() != namespace {
			continue
		}
		live := object.DeepCopy()
		if err := a.peer.Client.Get(ctx, client.ObjectKeyFromObject(live), live); err == nil {
			break // it is there, and perhaps somebody else's
		}
		owner := kube.Owner{Kind: smmv1alpha1.KindControlPlane, Name: cp.Name}
		if _, err := kube.NewApplier(a.peer.Client).Apply(ctx, owner, []*unstructured.Unstructured{object}); err != nil {
			return err
		}
	}
	shared, err := shareRoot(ctx, a.first.Client, a.peer.Client, namespace, a.Plan.Cluster)
	a.Plan.CommonRoot = shared
	return err
}

// exchange has each cluster know the other, once their registries have made credentials.
func (a *Attachment) exchange(ctx context.Context, watch Watch) error {
	for _, side := range []struct {
		of, to client.Client
		id     string
		name   string
	}{
		{a.first.Client, a.peer.Client, a.seen.first.id, a.seen.first.platform.Spec.ClusterName},
		{a.peer.Client, a.first.Client, a.seen.peer.id, a.Plan.Cluster},
	} {
		err := until(ctx, watch, func(ctx context.Context) (string, error) {
			known, secret, err := ownCluster(ctx, side.of, side.id)
			if err != nil || known == nil {
				return fmt.Sprintf("%s: the cluster registry makes credentials for peers", side.name), err
			}
			return "", introduce(ctx, side.to, known, secret)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Wait reconciles both clusters until the mesh is available in both and they know each other's control planes.
func (a *Attachment) Wait(ctx context.Context, watch Watch) error {
	return until(ctx, watch, func(ctx context.Context) (string, error) {
		for _, c := range []Cluster{a.first, a.peer} {
			seen, err := observe(ctx, c.Client)
			if err != nil {
				return "", err
			}
			if seen.platform == nil {
				return "", errors.New("the ControlPlane of a cluster was deleted meanwhile")
			}
			if err := c.Installer.Round(ctx, seen.platform.Name); err != nil && !kube.IsTransient(err) {
				return "", err
			}
		}
		first, err := observe(ctx, a.first.Client)
		if err != nil {
			return "", err
		}
		peer, err := observe(ctx, a.peer.Client)
		if err != nil {
			return "", err
		}
		return pending(a.seen.first.platform.Spec.ClusterName, first, a.Plan.Cluster, peer), nil
	})
}

// pending says what is not there yet, "" when all is.
func pending(firstName string, first observation, peerName string, peer observation) string {
	for _, side := range []struct {
		name, other string
		of          observation
		otherID     string
	}{{firstName, peerName, first, peer.id}, {peerName, firstName, peer, first.id}} {
		if side.of.icp == nil {
			return side.name + ": the IstioControlPlane is not there yet"
		}
		if waiting := unavailable(&side.of.icp.Status, side.of.icp.Generation); waiting != "" {
			return side.name + ": " + waiting
		}
		found := false
		for i := range side.of.peers {
			known := &side.of.peers[i]
			if ownerOf(known) != side.otherID {
				continue
			}
			found = true
			if known.Status.Status != servicemeshv1alpha1.ConfigStateAvailable {
				return fmt.Sprintf("%s: what is known of %s is not up to date yet", side.name, side.other)
			}
		}
		if !found {
			return fmt.Sprintf("%s: nothing is known of the control plane of %s yet", side.name, side.other)
		}
	}
	return ""
}

func unavailable(status *servicemeshv1alpha1.IstioControlPlaneStatus, generation int64) string {
	if status.Status == servicemeshv1alpha1.ConfigStateAvailable && status.ObservedGeneration == generation {
		return ""
	}
	for _, condition := range status.Conditions {
		if condition.Type == kube.ReadyCondition && condition.Message != "" {
			return condition.Message
		}
	}
	return "the control plane is being reconciled"
}

// told passes on what a ControlPlane waits for.
func told(cluster string, watch Watch) platform.Watch {
	return func(_ *smmv1alpha1.ControlPlane, waiting string) {
		if watch != nil && waiting != "" {
			watch(cluster + ": " + waiting)
		}
	}
}

// until asks what is missing until nothing is, or the context ends: the error then says what was waited for.
func until(ctx context.Context, watch Watch, missing func(context.Context) (string, error)) error {
	for {
		waiting, err := missing(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("stopped while waiting: %s: %w", waiting, context.Cause(ctx))
		case err != nil && !kube.IsTransient(err):
			return err
		case err == nil && waiting == "":
			return nil
		}
		if watch != nil {
			watch(waiting)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting: %s: %w", waiting, context.Cause(ctx))
		case <-time.After(look):
		}
	}
}
