package census

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/revision"
)

// namespaces reads those that are not about to go: nothing can be made in the others.
func namespaces(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	var list corev1.NamespaceList
	if err := reader.List(ctx, &list); err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	for i := range list.Items {
		namespace := &list.Items[i]
		if namespace.DeletionTimestamp == nil {
			c.Namespaces = append(c.Namespaces, revision.Namespace{
				Name: namespace.Name, Labels: namespace.Labels, Ours: ownedByProduct(namespace),
			})
		}
	}
	return nil
}

// pods reads the pods of all namespaces and keeps of each what matters here.
func pods(ctx context.Context, reader client.Reader, c *revision.Cluster) error {
	for next := ""; ; {
		var list corev1.PodList
		if err := reader.List(ctx, &list, client.Limit(page), client.Continue(next)); err != nil {
			return fmt.Errorf("list pods: %w", err)
		}
		for i := range list.Items {
			c.Pods = append(c.Pods, PodOf(&list.Items[i]))
		}
		if next = list.Continue; next == "" {
			return nil
		}
	}
}

// PodOf is what matters of a pod.
func PodOf(pod *corev1.Pod) revision.Pod {
	isProxy := func(container corev1.Container) bool { return container.Name == istio.ProxyContainer }
	return revision.Pod{
		Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Annotations: pod.Annotations, Phase: pod.Status.Phase,
		Proxy:    slices.ContainsFunc(pod.Spec.Containers, isProxy) || slices.ContainsFunc(pod.Spec.InitContainers, isProxy),
		Workload: workloadOf(pod),
	}
}

// workloadOf names the controller of a pod. A Deployment's name is that of its ReplicaSet without
// the hash at the end.
func workloadOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return ""
	}
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if name, cut := strings.CutSuffix(owner.Name, "-"+hash); cut && hash != "" && owner.Kind == "ReplicaSet" {
		return "Deployment " + name
	}
	return owner.Kind + " " + owner.Name
}
