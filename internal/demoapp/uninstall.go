package demoapp

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Removal tells what uninstalling did.
type Removal struct {
	Namespace string `json:"namespace"`
	// Objects is the number of removed objects.
	Objects int `json:"objects"`
	// Kept tells what was kept and why.
	Kept []string `json:"kept,omitempty"`
}

// Uninstall deletes the DemoApplication and removes what it consists of and, if a command made the namespace and nobody
// else uses it, the namespace. It waits until the pods, or the namespace, are gone.
func (a *Application) Uninstall(ctx context.Context, namespace string, progress func(string)) (Removal, error) {
	result := Removal{Namespace: namespace}
	removed, err := a.removeApplication(ctx, namespace)
	if err != nil {
		return result, fmt.Errorf("uninstall the demo application: %w", err)
	}
	result.Objects = removed
	if removed > 0 {
		if err := a.awaitEndOfPods(ctx, namespace, progress); err != nil {
			return result, err
		}
	}
	kept, err := a.removeNamespace(ctx, namespace, progress)
	if err != nil {
		return result, err
	}
	if kept != "" && removed > 0 {
		result.Kept = append(result.Kept, kept)
	}
	return result, nil
}

// removeApplication deletes the DemoApplication first, so that no operator puts back what goes with it, and returns how
// many objects it removed. What is left out here by an interruption, Kubernetes removes along with the resource.
func (a *Application) removeApplication(ctx context.Context, namespace string) (int, error) {
	demo := &smmv1alpha1.DemoApplication{}
	err := a.client.Get(ctx, keyOf(namespace), demo)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := a.client.Delete(ctx, demo, client.PropagationPolicy(metav1.DeletePropagationBackground)); client.IgnoreNotFound(err) != nil {
		return 0, err
	}
	removed, err := a.applier.Remove(ctx, ownerOf(demo), kube.Refs(demo.Status.Inventory))
	return 1 + len(removed), err
}

// removeNamespace removes the application's own namespace, or says why it is kept.
func (a *Application) removeNamespace(ctx context.Context, name string, progress func(string)) (kept string, err error) {
	namespace := &corev1.Namespace{}
	err = a.client.Get(ctx, client.ObjectKey{Name: name}, namespace)
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read namespace %s: %w", name, err)
	case !isOwn(namespace):
		return fmt.Sprintf("namespace %s, which was there before", name), nil
	}
	foreign, err := a.foreign(ctx, name)
	if err != nil {
		return "", err
	}
	if foreign != "" {
		return fmt.Sprintf("namespace %s, because it holds %s", name, foreign), nil
	}
	progress("waiting for the end of namespace " + name)
	if _, err := a.applier.Remove(ctx, commandsOwner(), []kube.Ref{{Version: "v1", Kind: "Namespace", Name: name}}); err != nil {
		return "", err
	}
	return "", a.awaitEndOfNamespace(ctx, name)
}

func (a *Application) awaitEndOfPods(ctx context.Context, namespace string, progress func(string)) error {
	for {
		pods := &corev1.PodList{}
		if err := a.client.List(ctx, pods, client.InNamespace(namespace), ofApplication()); err != nil {
			return fmt.Errorf("list pods: %w", err)
		}
		if len(pods.Items) == 0 {
			return nil
		}
		progress(fmt.Sprintf("%d pods are stopping", len(pods.Items)))
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("%d pods are still stopping: %w", len(pods.Items), err)
		}
	}
}

// foreign names a workload or claim in the namespace that is not the application's, or "".
func (a *Application) foreign(ctx context.Context, namespace string) (string, error) {
	for _, look := range []struct {
		kind string
		list client.ObjectList
	}{
		{"Deployment", &appsv1.DeploymentList{}},
		{"StatefulSet", &appsv1.StatefulSetList{}},
		{"DaemonSet", &appsv1.DaemonSetList{}},
		{"PersistentVolumeClaim", &corev1.PersistentVolumeClaimList{}},
		{"Pod", &corev1.PodList{}},
	} {
		if err := a.client.List(ctx, look.list, client.InNamespace(namespace)); err != nil {
			return "", fmt.Errorf("look for other workloads in namespace %s: %w", namespace, err)
		}
		objects, err := meta.ExtractList(look.list)
		if err != nil {
			return "", err
		}
		for _, object := range objects {
			if o := object.(client.Object); o.GetDeletionTimestamp() == nil && o.GetLabels()[partOfLabel] != partOf {
				return look.kind + " " + o.GetName(), nil
			}
		}
	}
	return "", nil
}
