package demoapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// lookInterval is how often the state is looked at when no watch tells of a change.
const lookInterval = 5 * time.Second

// Install writes the DemoApplication, and its namespace where that is its own, and reconciles once. It does not wait for
// the pods.
func (a *Application) Install(ctx context.Context, prepared Prepared) error {
	if prepared.Namespace != nil {
		if err := a.awaitEndOfNamespace(ctx, prepared.Namespace.GetName()); err != nil {
			return err
		}
		if err := a.apply(ctx, prepared.Namespace); err != nil {
			return err
		}
	}
	if err := a.apply(ctx, prepared.Application); err != nil {
		return err
	}
	demo, err := a.reconcile(ctx, client.ObjectKeyFromObject(prepared.Application))
	if err != nil {
		return err
	}
	return failureOf(demo)
}

func (a *Application) apply(ctx context.Context, object *unstructured.Unstructured) error {
	if _, err := a.applier.Apply(ctx, commandsOwner(), []*unstructured.Unstructured{object}); err != nil {
		return fmt.Errorf("install the demo application: %w", err)
	}
	return nil
}

// reconcile runs one round of the reconciler and returns what it made of the application.
func (a *Application) reconcile(ctx context.Context, key client.ObjectKey) (*smmv1alpha1.DemoApplication, error) {
	if _, err := a.reconciler.Reconcile(ctx, key); err != nil {
		return nil, fmt.Errorf("reconcile the demo application: %w", err)
	}
	demo := &smmv1alpha1.DemoApplication{}
	if err := a.client.Get(ctx, key, demo); err != nil {
		return nil, fmt.Errorf("read the demo application: %w", err)
	}
	return demo, nil
}

// failureOf is what somebody has to do something about, nil when there is nothing.
func failureOf(demo *smmv1alpha1.DemoApplication) error {
	if demo.Status.Status != smmv1alpha1.StatusFailed {
		return nil
	}
	return errors.New(demo.Status.ErrorMessage)
}

// Wait reconciles until all workloads are available. It tells how far they are; an error says what is missing.
func (a *Application) Wait(ctx context.Context, namespace string, progress func(string)) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	workloads := kube.Changes(watching, a.client, []client.ObjectList{&appsv1.DeploymentList{}, &corev1.PodList{}},
		client.InNamespace(namespace), ofApplication())
	planes := kube.Changes(watching, a.client, []client.ObjectList{&servicemeshv1alpha1.IstioControlPlaneList{}})
	waiting := "the first round"
	for {
		demo, err := a.reconcile(ctx, keyOf(namespace))
		switch {
		case err == nil && demo.Status.Status == smmv1alpha1.StatusSucceeded && demo.Status.ObservedGeneration == demo.Generation:
			return nil
		case err == nil:
			if err := failureOf(demo); err != nil {
				return err
			}
			waiting = readyMessage(demo)
			progress(waiting)
		case !kube.IsTransient(err) && ctx.Err() == nil:
			return err
		}
		waiting = a.awaitRound(ctx, namespace, waiting, workloads, planes, progress)
		if ctx.Err() != nil {
			return fmt.Errorf("the demo application is not ready: %s: %w", waiting, context.Cause(ctx))
		}
	}
}

// awaitRound returns when another round may get further: when the workloads are available, a control plane has changed,
// or some time has passed. It returns what is waited for.
func (a *Application) awaitRound(ctx context.Context, namespace, waiting string, workloads, planes <-chan struct{}, progress func(string)) string {
	look := time.NewTimer(lookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return waiting
		case <-planes:
			return waiting
		case <-look.C:
			return waiting
		case <-workloads:
		}
		seen, err := readState(ctx, a.client, namespace)
		if err != nil || seen.waiting() == "" {
			return waiting
		}
		waiting = seen.waiting()
		progress(waiting)
	}
}

// readyMessage is what the status says of the application.
func readyMessage(demo *smmv1alpha1.DemoApplication) string {
	if ready := meta.FindStatusCondition(demo.Status.Conditions, kube.ReadyCondition); ready != nil {
		return ready.Message
	}
	return "nothing is known of it yet"
}

// awaitEndOfNamespace waits until a namespace that is being deleted is gone: nothing can be made in it meanwhile.
func (a *Application) awaitEndOfNamespace(ctx context.Context, name string) error {
	for {
		namespace := &corev1.Namespace{}
		err := a.client.Get(ctx, client.ObjectKey{Name: name}, namespace)
		switch {
		case apierrors.IsNotFound(err), err == nil && namespace.DeletionTimestamp == nil:
			return nil
		case err != nil:
			return fmt.Errorf("read namespace %s: %w", name, err)
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("namespace %s is still being deleted: %w", name, err)
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
