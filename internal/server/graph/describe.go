package graph

import (
	"maps"
	"slices"
	"time"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// istioNetworking is the API group of the workloads outside of Kubernetes.
const istioNetworking = "networking.istio.io"

// groupOf is the API group of a kind that controls pods or groups machines; "" for one that is not known.
func groupOf(kind string) string {
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet":
		return "apps"
	case "Job", "CronJob":
		return "batch"
	case inventory.WorkloadGroupKind, inventory.WorkloadEntryKind:
		return istioNetworking
	}
	return ""
}

func describeNamespace(cluster string, namespace inventory.Namespace) model.Namespace {
	return model.Namespace{
		ID:      inventory.ID{Kind: "Namespace", Cluster: cluster, Name: namespace.Name}.String(),
		Cluster: cluster, Name: namespace.Name, Revision: optional(namespace.Revision),
	}
}

func describeService(cluster string, service *inventory.Service) model.Service {
	described := model.Service{
		ID: serviceID(cluster, service.Namespace, service.Name), Cluster: cluster, Namespace: service.Namespace, Name: service.Name, Type: service.Type,
		Address: optional(service.Address), Created: stamp(service.Created), InMesh: service.InMesh, Ports: []model.Port{},
		Labels: describeLabels(service.Labels), Selector: describeLabels(service.Selector),
	}
	for _, port := range service.Ports {
		described.Ports = append(described.Ports, model.Port{
			Name: port.Name, Number: int(port.Number), Protocol: optional(port.Protocol), TargetPort: port.Target,
		})
	}
	return described
}

func describeWorkload(cluster string, workload *inventory.Workload) model.Workload {
	described := model.Workload{
		ID: workloadID(cluster, workload), Cluster: cluster, Namespace: workload.Namespace, Name: workload.Name, Kind: workload.Kind,
		App: optional(workload.App), Version: optional(workload.Version), Labels: describeLabels(workload.Labels),
		Created: stamp(workload.Created), InMesh: workload.InMesh,
		WantedPods: int(workload.Wanted), ReadyPods: workload.Ready(), Pods: []model.Pod{},
	}
	for i := range workload.Pods {
		described.Pods = append(described.Pods, describePod(cluster, workload.Namespace, &workload.Pods[i]))
	}
	return described
}

func describePod(cluster, namespace string, pod *inventory.Pod) model.Pod {
	described := model.Pod{
		ID:      inventory.ID{Kind: "Pod", Cluster: cluster, Namespace: namespace, Name: pod.Name}.String(),
		Cluster: cluster, Namespace: namespace, Name: pod.Name, Node: optional(pod.Node), Address: optional(pod.Address), Phase: pod.Phase, Ready: pod.Ready,
		Restarts: int(pod.Restarts), Created: stamp(pod.Created), Revision: optional(pod.Revision), Proxyless: pod.Proxyless,
		Labels: describeLabels(pod.Labels), Containers: []model.Container{},
	}
	for _, container := range pod.Containers {
		described.Containers = append(described.Containers, model.Container{
			Name: container.Name, Image: container.Image, Ready: container.Ready, State: container.State, Reason: optional(container.Reason),
		})
	}
	return described
}

func describeLabels(labels map[string]string) []model.Label {
	described := make([]model.Label, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		described = append(described, model.Label{Key: key, Value: labels[key]})
	}
	return described
}

// optional is null for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
