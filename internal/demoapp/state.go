package demoapp

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// ofApplication selects the application's own objects.
func ofApplication() client.MatchingLabels { return client.MatchingLabels{partOfLabel: partOf} }

// state is the application as the cluster shows it.
type state struct {
	deployments []appsv1.Deployment // sorted by name
	pods        []corev1.Pod
}

// readState reads the application of a namespace.
func readState(ctx context.Context, reader client.Reader, namespace string) (state, error) {
	deployments := &appsv1.DeploymentList{}
	if err := reader.List(ctx, deployments, client.InNamespace(namespace), ofApplication()); err != nil {
		return state{}, fmt.Errorf("list deployments: %w", err)
	}
	pods := &corev1.PodList{}
	if err := reader.List(ctx, pods, client.InNamespace(namespace), ofApplication()); err != nil {
		return state{}, fmt.Errorf("list pods: %w", err)
	}
	slices.SortFunc(deployments.Items, func(a, b appsv1.Deployment) int { return cmp.Compare(a.Name, b.Name) })
	return state{deployments: deployments.Items, pods: pods.Items}, nil
}

// waiting tells what the application waits for, "" when all of it is available.
func (s state) waiting() string {
	ready, first := 0, ""
	for i := range s.deployments {
		ok, reason := kube.DeploymentReady(&s.deployments[i])
		switch {
		case ok:
			ready++
		case first == "":
			first = cmp.Or(s.trouble(s.deployments[i]), reason)
		}
	}
	if ready == len(s.deployments) && ready > 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d workloads are available, %s", ready, len(s.deployments), cmp.Or(first, "none exists yet"))
}

// trouble is why the pods of a Deployment do not run, if they say so.
func (s state) trouble(d appsv1.Deployment) string {
	for _, pod := range s.pods {
		if !matches(d, pod) || pod.DeletionTimestamp != nil {
			continue
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
				return fmt.Sprintf("pod %s is not scheduled: %s", pod.Name, condition.Message)
			}
		}
		for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			waiting := container.State.Waiting
			if waiting != nil && waiting.Reason != "PodInitializing" && waiting.Reason != "ContainerCreating" {
				return fmt.Sprintf("container %s of pod %s: %s %s", container.Name, pod.Name, waiting.Reason, waiting.Message)
			}
		}
	}
	return ""
}

func matches(d appsv1.Deployment, pod corev1.Pod) bool {
	for key, value := range d.Spec.Selector.MatchLabels {
		if pod.Labels[key] != value {
			return false
		}
	}
	return true
}
