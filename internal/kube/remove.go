package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Remove deletes the referenced objects in the reverse order of creation and reports what it
// deleted. An object that another owner has taken over, or that nobody marked, is left alone;
// so is one that changed owner between the read and the delete. It does not wait for finalizers.
func (a *Applier) Remove(ctx context.Context, owner Owner, refs []Ref) (Report, error) {
	var report Report
	for _, ref := range sortForRemoval(refs) {
		deleted := false
		err := retry.OnError(retry.DefaultRetry, apierrors.IsConflict, func() (err error) {
			deleted, err = a.removeOne(ctx, owner, ref)
			return err
		})
		if err != nil {
			return report, err
		}
		if deleted {
			report = append(report, ObjectChange{Ref: ref, Change: Deleted})
		}
	}
	return report, nil
}

func (a *Applier) removeOne(ctx context.Context, owner Owner, ref Ref) (bool, error) {
	live := newObject(ref)
	err := a.client.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, live)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		a.forget(ref)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", ref, err)
	}
	if !owner.Owns(live) || live.GetDeletionTimestamp() != nil {
		return false, nil
	}
	uid, version := live.GetUID(), live.GetResourceVersion()
	err = a.client.Delete(ctx, live,
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("delete %s: %w", ref, err)
	}
	a.log.Info("deleted", "object", ref.String())
	a.forget(ref)
	return true, nil
}

// Remaining lists which of the objects still exist and belong to the owner.
func (a *Applier) Remaining(ctx context.Context, owner Owner, refs []Ref) ([]Ref, error) {
	var remaining []Ref
	for _, ref := range refs {
		live := newObject(ref)
		err := a.client.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, live)
		switch {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		case err != nil:
			return nil, fmt.Errorf("read %s: %w", ref, err)
		case owner.Owns(live):
			remaining = append(remaining, ref)
		}
	}
	return remaining, nil
}
