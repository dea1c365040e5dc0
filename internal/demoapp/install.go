package demoapp

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// ofApplication selects the application's own objects.
func ofApplication() client.MatchingLabels { return client.MatchingLabels{partOfLabel: partOf} }

// lookInterval is how often the state is looked at when no watch tells of a change.
const lookInterval = 5 * time.Second

// Install applies the application and removes what an earlier installation made and this one does not have. It does
// not wait for the pods.
func (a *Application) Install(ctx context.Context, o Options) (kube.Report, error) {
	objects, err := Render(o)
	if err != nil {
		return nil, err
	}
	if err := a.awaitEndOfNamespace(ctx, o.Namespace); err != nil {
		return nil, err
	}
	report, err := a.applier.Apply(ctx, owner(o.Namespace), objects)
	if err != nil {
		return report, fmt.Errorf("install the demo application: %w", err)
	}
	all, err := everything(o.Namespace)
	if err != nil {
		return report, err
	}
	obsolete := kube.Difference(all, kube.RefsOf(objects))
	removed, err := a.applier.Remove(ctx, owner(o.Namespace), withoutNamespace(obsolete))
	return append(report, removed...), err
}

func withoutNamespace(refs []kube.Ref) []kube.Ref {
	var rest []kube.Ref
	for _, ref := range refs {
		if ref.Kind != "Namespace" {
			rest = append(rest, ref)
		}
	}
	return rest
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

// Wait returns when all workloads are available. It tells how far they are; an error says what is missing.
func (a *Application) Wait(ctx context.Context, namespace string, progress func(string)) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changes := kube.Changes(watching, a.client, []client.ObjectList{&appsv1.DeploymentList{}, &corev1.PodList{}},
		client.InNamespace(namespace), ofApplication())
	var waiting string
	for {
		state, err := a.state(ctx, namespace)
		if err == nil {
			if waiting = state.waiting(); waiting == "" {
				return nil
			}
			progress(waiting)
		} else if !kube.IsTransient(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the demo application is not ready: %s: %w", waiting, context.Cause(ctx))
		case <-changes:
		case <-time.After(lookInterval):
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
