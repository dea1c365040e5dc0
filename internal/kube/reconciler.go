package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// Outcome is what one round of reconciling came to.
type Outcome struct {
	// Done tells that the state asked for is reached.
	Done bool
	// Waiting says what is waited for while Done is false.
	Waiting string
	// RequeueAfter is when to look again although nothing was seen to change; 0 for never.
	RequeueAfter time.Duration
}

// Done is the outcome of a reached state.
func Done() Outcome { return Outcome{Done: true} }

// Wait is the outcome of a state that something else has to bring about.
func Wait(reason string) Outcome { return Outcome{Waiting: reason} }

// Look is the outcome of a state that something unwatched has to bring about: look again soon.
func Look(reason string) Outcome { return Outcome{Waiting: reason, RequeueAfter: lookAgain} }

// lookAgain is the time between looks at what is not watched.
const lookAgain = 2 * time.Second

// Save writes the status of the resource being reconciled, if it differs from the one last read
// or saved.
type Save func(ctx context.Context) error

// Logic is what is particular to one kind of resource. Both methods change the status of the
// resource in memory; the Reconciler writes it.
type Logic[T client.Object] interface {
	// Reconcile takes the next action towards what the resource asks for.
	Reconcile(ctx context.Context, resource T, save Save) (Outcome, error)
	// Finalize takes away what the resource made. Its outcome is Done when nothing is left.
	Finalize(ctx context.Context, resource T, save Save) (Outcome, error)
	// Fail notes in the status that a round failed.
	Fail(resource T, err error)
}

// Reconciler is the part of reconciling that all kinds share: read, finalizer, status.
type Reconciler[T client.Object] struct {
	Client client.Client
	// New returns an empty resource to read into.
	New func() T
	// Finalizer keeps a deleted resource until Finalize is done; "" for one that makes nothing.
	Finalizer string
	Logic     Logic[T]
	// Events gets an event when a round put something back; nil for none.
	Events events.EventRecorder
}

// conditioned is a resource with conditions in its status.
type conditioned interface{ StatusConditions() *[]metav1.Condition }

// Reconcile runs one round for the named resource. A resource that does not exist is Done.
func (r *Reconciler[T]) Reconcile(ctx context.Context, key client.ObjectKey) (Outcome, error) {
	resource := r.New()
	if err := r.Client.Get(ctx, key, resource); err != nil {
		if apierrors.IsNotFound(err) {
			return Done(), nil
		}
		return Outcome{}, fmt.Errorf("read %s: %w", key, err)
	}
	if resource.GetDeletionTimestamp() != nil {
		return r.finalize(ctx, resource)
	}
	if r.Finalizer != "" {
		if err := r.setFinalizer(ctx, resource, controllerutil.AddFinalizer); err != nil {
			return Outcome{}, err
		}
	}
	save := r.saver(resource)
	ctx, drifts := collectDrifts(ctx)
	outcome, err := r.Logic.Reconcile(ctx, resource, save)
	r.tell(resource, drifts)
	return r.conclude(ctx, resource, save, outcome, err)
}

func (r *Reconciler[T]) finalize(ctx context.Context, resource T) (Outcome, error) {
	if !controllerutil.ContainsFinalizer(resource, r.Finalizer) {
		return Done(), nil
	}
	save := r.saver(resource)
	outcome, err := r.Logic.Finalize(ctx, resource, save)
	if err == nil && outcome.Done {
		return outcome, r.setFinalizer(ctx, resource, controllerutil.RemoveFinalizer)
	}
	return r.conclude(ctx, resource, save, outcome, err)
}

// conclude notes a failure and saves the status, whatever happened before.
func (r *Reconciler[T]) conclude(ctx context.Context, resource T, save Save, outcome Outcome, err error) (Outcome, error) {
	if err != nil {
		r.Logic.Fail(resource, err)
	}
	return outcome, errors.Join(err, save(ctx))
}

// tell notes what the round put back, if anything. Its event relates to the first of the objects:
// events of the same resource about different objects would become one otherwise.
func (r *Reconciler[T]) tell(resource T, drifts *drifts) {
	drift := drifts.message()
	if drift == "" {
		return
	}
	generation := resource.GetGeneration()
	if resource, ok := any(resource).(conditioned); ok {
		setDrifted(resource.StatusConditions(), generation, drift)
	}
	if r.Events != nil {
		r.Events.Eventf(resource, drifts.first(), corev1.EventTypeWarning, ReasonPutBack, ReasonPutBack, "%s", shortened(drift))
	}
}

func (r *Reconciler[T]) setFinalizer(ctx context.Context, resource T, change func(client.Object, string) bool) error {
	before := resource.DeepCopyObject().(client.Object)
	if !change(resource, r.Finalizer) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, resource, patch, client.FieldOwner(FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("set finalizer of %s: %w", client.ObjectKeyFromObject(resource), err)
	}
	return nil
}

// saver patches the status subresource with what changed since the resource was read or saved.
func (r *Reconciler[T]) saver(resource T) Save {
	saved := resource.DeepCopyObject().(client.Object)
	return func(ctx context.Context) error {
		if equality.Semantic.DeepEqual(saved, resource) {
			return nil
		}
		wanted := resource.DeepCopyObject().(client.Object)
		err := r.Client.Status().Patch(ctx, wanted, client.MergeFrom(saved), client.FieldOwner(FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("save status of %s: %w", client.ObjectKeyFromObject(resource), err)
		}
		resource.SetResourceVersion(wanted.GetResourceVersion())
		resource.SetManagedFields(wanted.GetManagedFields())
		saved = resource.DeepCopyObject().(client.Object)
		return nil
	}
}
