package inventory

import "time"

// Objects are the Kubernetes objects of one cluster that the inventory is computed from.
type Objects struct {
	Cluster    string
	Namespaces []NamespaceObject
	Services   []ServiceObject
	Owners     []OwnerObject
	Pods       []PodObject
	// Groups and Entries are workloads outside of Kubernetes.
	Groups  []GroupObject
	Entries []EntryObject
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

// Workload is something whose pods or machines do the same: a Deployment, StatefulSet, DaemonSet, Job, a pod of its own, or
// outside of Kubernetes a WorkloadGroup or a WorkloadEntry of its own.
type Workload struct {
	Namespace string
	Kind      string
	Name      string
	App       string
	Version   string
	Labels    map[string]string
	Created   time.Time
	// Wanted is the number of pods asked for, or of machines; Pods are those that are there.
	Wanted int32
	Pods   []Pod
	// Entries are the machines of a workload outside of Kubernetes.
	Entries []Entry
	// InMesh tells that a running pod or a machine has a proxy or is a proxyless workload.
	InMesh bool
}

// VirtualMachine tells that the workload runs outside of Kubernetes.
func (w Workload) VirtualMachine() bool {
	return w.Kind == WorkloadGroupKind || w.Kind == WorkloadEntryKind
}

// Ready is the number of pods that are ready, or of machines that are not known to be unhealthy.
func (w Workload) Ready() int {
	ready := 0
	for _, pod := range w.Pods {
		if pod.Ready {
			ready++
		}
	}
	for _, entry := range w.Entries {
		if entry.Healthy == nil || *entry.Healthy {
			ready++
		}
	}
	return ready
}

// Entry is one machine of a workload outside of Kubernetes, as a WorkloadEntry names it.
type Entry struct {
	Name           string
	Address        string
	Network        string
	Locality       string
	ServiceAccount string
	Created        time.Time
	Labels         map[string]string
	// InMesh tells that the machine has a proxy.
	InMesh bool
	// Healthy is what the machine's proxy tells of the application; nil where nothing checks it.
	Healthy *bool
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
