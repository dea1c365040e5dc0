package installation

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/operator/chart"
)

// awaitAvailable waits until the operator runs.
func (i *Installer) awaitAvailable(ctx context.Context, namespace string, watch func(waiting string)) error {
	return i.await(ctx, namespace, watch, func(ctx context.Context) (string, error) {
		var live appsv1.Deployment
		if err := i.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: chart.Name}, &live); err != nil {
			return "", fmt.Errorf("read Deployment %s/%s: %w", namespace, chart.Name, err)
		}
		if ready, reason := kube.DeploymentReady(&live); !ready {
			return reason + i.trouble(ctx, namespace), nil
		}
		return "", nil
	})
}

// awaitEnd waits until no pod of the operator runs any more.
func (i *Installer) awaitEnd(ctx context.Context, namespace string, watch func(waiting string)) error {
	return i.await(ctx, namespace, watch, func(ctx context.Context) (string, error) {
		pods, err := i.pods(ctx, namespace)
		if err != nil || len(pods) == 0 {
			return "", err
		}
		return fmt.Sprintf("Pod %s/%s to end", namespace, pods[0].Name), nil
	})
}

// await looks again with each change until nothing is waited for.
func (i *Installer) await(ctx context.Context, namespace string, watch func(waiting string), look func(context.Context) (string, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := kube.Changes(ctx, i.client, []client.ObjectList{&appsv1.DeploymentList{}, &corev1.PodList{}}, client.InNamespace(namespace))
	last := "the operator"
	for {
		waiting, err := look(ctx)
		switch {
		case err == nil && waiting == "":
			return nil
		case err == nil:
			last = waiting
			watch(waiting)
		case ctx.Err() == nil && !kube.IsTransient(err):
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting: %s: %w", last, context.Cause(ctx))
		case <-changes:
		}
	}
}

// trouble tells what keeps a pod of the operator from running, such as an image that cannot be
// pulled; "" when nothing is known.
func (i *Installer) trouble(ctx context.Context, namespace string) string {
	pods, err := i.pods(ctx, namespace)
	if err != nil {
		return ""
	}
	for _, pod := range pods {
		for _, container := range pod.Status.ContainerStatuses {
			if state := container.State.Waiting; state != nil && state.Message != "" {
				return fmt.Sprintf(": %s: %s", state.Reason, state.Message)
			}
		}
	}
	return ""
}

func (i *Installer) pods(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	var pods corev1.PodList
	if err := i.client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(selector())); err != nil {
		return nil, fmt.Errorf("list the operator's pods: %w", err)
	}
	return pods.Items, nil
}
