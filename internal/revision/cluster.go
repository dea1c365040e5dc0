package revision

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
)

// Cluster is what a cluster holds of everything that can use a control plane.
type Cluster struct {
	Planes     []Plane
	Webhooks   []Webhook
	Namespaces []Namespace
	Pods       []Pod
	Gateways   []Gateway
	Entries    []Entry
}

// Plane is one control plane, that of an IstioControlPlane.
type Plane struct {
	istio.Revision
	// Version is the Istio version that it asks for.
	Version string
	// Status is the state of its last reconciliation, such as Available.
	Status string
	// Deleted tells that it is to go.
	Deleted bool
}

// Webhook is a webhook that injects pods for a label.
type Webhook struct {
	Name string
	// Tag is the value of the revision label that it serves.
	Tag string
	// Istiod is the Service that it calls, and Namespace that one's namespace.
	Istiod, Namespace string
	// Ours tells that it is part of a control plane, which applied it.
	Ours bool
}

// Namespace is one namespace with the labels that select a control plane.
type Namespace struct {
	Name   string
	Labels map[string]string
	// Ours tells that the product made it for itself and removes it after the control planes.
	Ours bool
}

// Pod is one pod, running or not.
type Pod struct {
	Namespace, Name     string
	Labels, Annotations map[string]string
	Phase               corev1.PodPhase
	// Proxy tells that it has a container of the proxy's name.
	Proxy bool
	// Workload is the controller that it belongs to, such as "Deployment movies-v1"; "" for none.
	Workload string
}

// Gateway is an IstioMeshGateway.
type Gateway struct {
	Namespace, Name string
	// Plane is the control plane that it refers to.
	Plane istio.Revision
	// Ours tells that the product made it, for itself or for a control plane, and moves or removes it by itself.
	Ours bool
}

// Entry is a WorkloadEntry: a machine outside of Kubernetes.
type Entry struct {
	Namespace, Name string
	// Labels are those of the workload, not of the resource.
	Labels, Annotations map[string]string
}
