// Package creation makes meshes as package meshplan plans them, and removes them.
package creation

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/meshplan"
)

// Observe reads what a plan is judged by.
func Observe(ctx context.Context, reader client.Reader) (meshplan.Cluster, error) {
	var seen meshplan.Cluster
	var meshes v1alpha1.IstioMeshList
	var planes v1alpha1.IstioControlPlaneList
	var installations smmv1alpha1.ControlPlaneList
	var namespaces corev1.NamespaceList
	var nodes corev1.NodeList
	var pods corev1.PodList
	for _, list := range []client.ObjectList{&meshes, &planes, &installations, &namespaces, &nodes, &pods} {
		if err := reader.List(ctx, list); err != nil && !meta.IsNoMatchError(err) {
			return seen, fmt.Errorf("read what is on the cluster: %w", err)
		}
	}
	for i := range meshes.Items {
		seen.Meshes = append(seen.Meshes, meshes.Items[i].Name)
	}
	for i := range planes.Items {
		seen.ControlPlanes = append(seen.ControlPlanes, planes.Items[i].Namespace+"/"+planes.Items[i].Name)
	}
	for i := range installations.Items {
		seen.Name = installations.Items[i].Spec.ClusterName
	}
	for i := range namespaces.Items {
		seen.Namespaces = append(seen.Namespaces, namespaces.Items[i].Name)
	}
	for i := range nodes.Items {
		seen.Nodes = append(seen.Nodes, free(&nodes.Items[i], pods.Items))
	}
	return seen, nil
}

// free is a node with what its pods leave of it.
func free(node *corev1.Node, pods []corev1.Pod) meshplan.Node {
	n := meshplan.Node{
		Name: node.Name, Zone: node.Labels[corev1.LabelTopologyZone], Usable: usable(node),
		CPU: node.Status.Allocatable.Cpu().DeepCopy(), Memory: node.Status.Allocatable.Memory().DeepCopy(),
	}
	for i := range pods {
		pod := &pods[i]
		if pod.Spec.NodeName == node.Name && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			n.CPU.Sub(requested(pod, corev1.ResourceCPU))
			n.Memory.Sub(requested(pod, corev1.ResourceMemory))
		}
	}
	return n
}

func usable(node *corev1.Node) bool {
	if node.Spec.Unschedulable {
		return false
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect == corev1.TaintEffectNoSchedule || taint.Effect == corev1.TaintEffectNoExecute {
			return false
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// requested is what a pod keeps of its node: its containers and sidecars together, or its largest init container.
func requested(pod *corev1.Pod, name corev1.ResourceName) resource.Quantity {
	var running, largest resource.Quantity
	for i := range pod.Spec.Containers {
		running.Add(pod.Spec.Containers[i].Resources.Requests[name])
	}
	for i := range pod.Spec.InitContainers {
		container := &pod.Spec.InitContainers[i]
		amount := container.Resources.Requests[name]
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			running.Add(amount)
		} else if amount.Cmp(largest) > 0 {
			largest = amount
		}
	}
	if largest.Cmp(running) > 0 {
		running = largest
	}
	running.Add(pod.Spec.Overhead[name])
	return running
}
