package inventory

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	// statusAnnotation is where Istio's webhook notes what it did to a pod.
	statusAnnotation = "sidecar.istio.io/status"
	// templatesAnnotation names the templates that a pod asks for.
	templatesAnnotation = "inject.istio.io/templates"
	// defaultRevision is the revision of a control plane that has none.
	defaultRevision = "default"
)

func podOf(object *corev1.Pod) Pod {
	pod := Pod{
		Name: object.Name, Node: object.Spec.NodeName, Address: object.Status.PodIP,
		Phase: string(object.Status.Phase), Created: object.CreationTimestamp.Time, Labels: object.Labels,
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == corev1.PodReady {
			pod.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	pod.Revision, pod.Proxyless = injected(object.Annotations)
	statuses := map[string]corev1.ContainerStatus{}
	for _, status := range append(object.Status.InitContainerStatuses, object.Status.ContainerStatuses...) {
		statuses[status.Name] = status
		pod.Restarts += status.RestartCount
	}
	for _, container := range object.Spec.Containers {
		pod.Containers = append(pod.Containers, containerOf(container, statuses[container.Name]))
	}
	return pod
}

func containerOf(container corev1.Container, status corev1.ContainerStatus) Container {
	described := Container{Name: container.Name, Image: container.Image, Ready: status.Ready}
	switch {
	case status.State.Running != nil:
		described.State = "running"
	case status.State.Terminated != nil:
		described.State, described.Reason = "terminated", status.State.Terminated.Reason
	default:
		described.State = "waiting"
		if status.State.Waiting != nil {
			described.Reason = status.State.Waiting.Reason
		}
	}
	return described
}

// injected reads what Istio's webhook notes on a pod: the revision, and the templates.
func injected(annotations map[string]string) (revision string, proxyless bool) {
	var status struct {
		Revision string `json:"revision"`
	}
	text := annotations[statusAnnotation]
	if text == "" || json.Unmarshal([]byte(text), &status) != nil {
		return "", false
	}
	if status.Revision == "" {
		status.Revision = defaultRevision
	}
	templates := annotations[templatesAnnotation]
	return status.Revision, strings.Contains(templates, "grpc-")
}

// protocolOf is the application's protocol as Istio reads it off a port: the field for it, or the name up to the first
// dash (Istio, "Protocol selection").
func protocolOf(port corev1.ServicePort) string {
	if port.AppProtocol != nil {
		return strings.ToLower(*port.AppProtocol)
	}
	if port.Protocol == corev1.ProtocolUDP {
		return "udp"
	}
	name, _, _ := strings.Cut(strings.ToLower(port.Name), "-")
	switch name {
	case "http", "http2", "https", "grpc", "tcp", "tls", "mongo", "mysql", "redis":
		return name
	}
	return ""
}
