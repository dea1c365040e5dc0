package inventory

import "time"

// Objects are the Kubernetes objects of one cluster that the inventory is computed from.
type Objects struct {
	Cluster    string
	Namespaces []NamespaceObject
	Services   []ServiceObject
	Owners     []OwnerObject
	Pods       []PodObject
}

// Inventory is what runs on one cluster. Everything is sorted by namespace and name.
type Inventory struct {
	Cluster    string
	Namespaces []Namespace
	Services   []Service
	Workloads  []Workload
}

// Namespace is one namespace of a cluster.
type Namespace struct {
	Name string
	// Revision is the control plane that injects its pods, as the namespace asks for it; "" for none.
	Revision string
}

// Service is one service of a cluster.
type Service struct {
	Namespace string
	Name      string
	Type      string
	// Address is the cluster IP; "" for a headless service.
	Address string
	Ports   []Port
	Created time.Time
	Labels  map[string]string
	// Selector are the labels of the pods that the service selects.
	Selector map[string]string
	// Workloads are the names of those whose pods the service selects.
	Workloads []string
	// InMesh tells that a pod behind the service is in the mesh.
	InMesh bool
}

// Port is one port of a service.
type Port struct {
	Name     string
	Number   int32
	Protocol string // of the application, such as http, as far as the port tells
	// Target is the number or the name of the pods' port.
	Target string
}

// Workload is something whose pods do the same: a Deployment, StatefulSet, DaemonSet, Job, or a pod of its own.
type Workload struct {
	Namespace string
	Kind      string
	Name      string
	App       string
	Version   string
	Labels    map[string]string
	Created   time.Time
	// Wanted is the number of pods asked for; Pods are those that are there.
	Wanted int32
	Pods   []Pod
	// InMesh tells that a running pod has a proxy or is a proxyless workload.
	InMesh bool
}

// Ready is the number of pods that are ready.
func (w Workload) Ready() int {
	ready := 0
	for _, pod := range w.Pods {
		if pod.Ready {
			ready++
		}
	}
	return ready
}

// Pod is one pod of a workload.
type Pod struct {
	Name       string
	Node       string
	Address    string
	Phase      string
	Ready      bool
	Restarts   int32
	Created    time.Time
	Labels     map[string]string
	Containers []Container
	// Revision is the control plane that the pod's proxy belongs to; "" outside the mesh.
	Revision string
	// Proxyless tells that the application itself takes the proxy's part.
	Proxyless bool
}

// Container is one container of a pod.
type Container struct {
	Name  string
	Image string
	Ready bool
	// State is running, waiting or terminated, Reason why it is not running.
	State  string
	Reason string
}
