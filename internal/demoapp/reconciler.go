package demoapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// recheck is when Istio's resources, which are not watched, are looked at again.
const recheck = 30 * time.Second

// NewReconciler returns the reconciler of DemoApplications. Everything that an application consists of is in its
// namespace and belongs to the resource, so that Kubernetes itself removes it when the resource or the namespace goes.
func NewReconciler(c client.Client, applier *kube.Applier) *kube.Reconciler[*smmv1alpha1.DemoApplication] {
	return &kube.Reconciler[*smmv1alpha1.DemoApplication]{
		Client: c,
		New:    func() *smmv1alpha1.DemoApplication { return &smmv1alpha1.DemoApplication{} },
		Logic:  &logic{client: c, applier: applier},
	}
}

type logic struct {
	client  client.Client
	applier *kube.Applier
}

// Reconcile applies what the application consists of and describes what has become of it.
func (l *logic) Reconcile(ctx context.Context, demo *smmv1alpha1.DemoApplication, save kube.Save) (kube.Outcome, error) {
	describeSLOResources(demo)
	if !isEnabled(demo) {
		return l.remove(ctx, demo, save)
	}
	around, err := observe(ctx, l.client, demo)
	if err != nil {
		return kube.Outcome{}, err
	}
	planned, found := planFor(demo, around)
	if found != nil {
		return held(demo, found), nil
	}
	objects, err := Render(planned.options)
	if err != nil {
		return kube.Outcome{}, fmt.Errorf("spec: %w", err)
	}
	if demo.Status.Status == "" || demo.Status.ObservedGeneration != demo.Generation {
		setState(demo, smmv1alpha1.StatusReconciling, string(smmv1alpha1.StatusReconciling), "applying the application's objects")
	}
	if err := l.handOverReplicas(ctx, planned.options); err != nil {
		return kube.Outcome{}, err
	}
	if err := l.sync(ctx, demo, objects, save); err != nil {
		return kube.Outcome{}, err
	}
	seen, err := readState(ctx, l.client, demo.Namespace)
	if err != nil {
		return kube.Outcome{}, err
	}
	demo.Status.ErrorMessage = ""
	if waiting := seen.waiting(); waiting != "" {
		setState(demo, smmv1alpha1.StatusReconciling, string(smmv1alpha1.StatusReconciling), waiting)
		return kube.Wait(waiting), nil
	}
	setState(demo, smmv1alpha1.StatusSucceeded, string(smmv1alpha1.StatusSucceeded),
		fmt.Sprintf("%d workloads run in control plane %s", len(seen.deployments), planned.plane.Label()))
	return kube.Outcome{Done: true, RequeueAfter: recheck}, nil
}

// remove takes away what an application that is switched off consisted of.
func (l *logic) remove(ctx context.Context, demo *smmv1alpha1.DemoApplication, save kube.Save) (kube.Outcome, error) {
	if err := l.sync(ctx, demo, nil, save); err != nil {
		return kube.Outcome{}, err
	}
	demo.Status.ErrorMessage = ""
	setState(demo, smmv1alpha1.StatusSucceeded, "Removed", "the application is switched off, and nothing of it is left")
	return kube.Done(), nil
}

func (l *logic) sync(ctx context.Context, demo *smmv1alpha1.DemoApplication, objects []*unstructured.Unstructured, save kube.Save) error {
	for _, object := range objects {
		object.SetOwnerReferences([]metav1.OwnerReference{{
			APIVersion: smmv1alpha1.GroupVersion.String(), Kind: smmv1alpha1.KindDemoApplication, Name: demo.Name, UID: demo.UID,
		}})
	}
	record := func(ctx context.Context, refs []kube.Ref) error {
		demo.Status.Inventory = kube.Entries(refs)
		return save(ctx)
	}
	_, err := l.applier.Sync(ctx, ownerOf(demo), objects, kube.Refs(demo.Status.Inventory), record)
	return err
}

// handOverReplicas keeps the pods of workloads that get an autoscaler.
func (l *logic) handOverReplicas(ctx context.Context, o Options) error {
	if !o.Autoscaling {
		return nil
	}
	seen, err := readState(ctx, l.client, o.Namespace)
	if err != nil {
		return err
	}
	for i := range seen.deployments {
		live := &seen.deployments[i]
		if !slices.ContainsFunc(workloads(), func(w workload) bool { return w.name() == live.Name && o.scales(w) }) {
			continue
		}
		if err := kube.HandOverReplicas(ctx, l.client, live); err != nil {
			return err
		}
	}
	return nil
}

// Finalize is never called: Kubernetes removes what belongs to a deleted application.
func (l *logic) Finalize(context.Context, *smmv1alpha1.DemoApplication, kube.Save) (kube.Outcome, error) {
	return kube.Done(), nil
}

// Fail notes the error for users. That somebody else wrote at the same time is no failure: the next round sees what
// they wrote.
func (l *logic) Fail(demo *smmv1alpha1.DemoApplication, err error) {
	if errors.Is(err, context.Canceled) || apierrors.IsConflict(err) {
		return
	}
	demo.Status.ErrorMessage = strings.Join(strings.Split(err.Error(), "\n"), "; ") // one line in tables
	setState(demo, smmv1alpha1.StatusFailed, string(smmv1alpha1.StatusFailed), demo.Status.ErrorMessage)
}

// ownerOf marks the objects of an application.
func ownerOf(demo *smmv1alpha1.DemoApplication) kube.Owner {
	return kube.Owner{Kind: smmv1alpha1.KindDemoApplication, Namespace: demo.Namespace, Name: demo.Name}
}
