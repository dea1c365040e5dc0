package inventory

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshmanager/smm/internal/istio"
)

// Compute tells what runs on a cluster. It is pure.
func Compute(objects Objects) Inventory {
	workloads := workloadsOf(objects)
	result := Inventory{Cluster: objects.Cluster, Workloads: workloads}
	byNamespace := map[string][]Workload{}
	for _, workload := range workloads {
		byNamespace[workload.Namespace] = append(byNamespace[workload.Namespace], workload)
	}
	podLabels := map[podKey]map[string]string{}
	for i := range objects.Pods {
		podLabels[podKey{objects.Pods[i].Namespace, objects.Pods[i].Name}] = objects.Pods[i].Labels
	}
	for i := range objects.Namespaces {
		result.Namespaces = append(result.Namespaces, namespaceOf(&objects.Namespaces[i]))
	}
	for i := range objects.Services {
		service := serviceOf(&objects.Services[i])
		attach(&service, objects.Services[i].Spec.Selector, byNamespace[service.Namespace], podLabels)
		result.Services = append(result.Services, service)
	}
	slices.SortFunc(result.Namespaces, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(result.Services, func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return result
}

type podKey struct{ namespace, name string }

func namespaceOf(object *corev1.Namespace) Namespace {
	revision := object.Labels[istio.RevisionLabel]
	if object.Labels[istio.InjectionLabel] == "enabled" {
		revision = defaultRevision
	}
	return Namespace{Name: object.Name, Revision: revision}
}

func serviceOf(object *corev1.Service) Service {
	service := Service{
		Namespace: object.Namespace, Name: object.Name, Type: string(object.Spec.Type),
		Address: object.Spec.ClusterIP, Created: object.CreationTimestamp.Time,
		Labels: object.Labels, Selector: object.Spec.Selector,
	}
	if service.Address == corev1.ClusterIPNone {
		service.Address = ""
	}
	for _, port := range object.Spec.Ports {
		service.Ports = append(service.Ports, Port{Name: port.Name, Number: port.Port, Protocol: protocolOf(port), Target: port.TargetPort.String()})
	}
	return service
}

// attach finds the workloads behind a service. One that has none at the moment is judged by what its pods would be.
func attach(service *Service, selector map[string]string, workloads []Workload, podLabels map[podKey]map[string]string) {
	if len(selector) == 0 {
		return
	}
	selects := labels.SelectorFromSet(selector)
	for _, workload := range workloads {
		selected, inMesh := selectsEntries(selects, &workload)
		selected = selected || len(workload.Pods)+len(workload.Entries) == 0 && selects.Matches(labels.Set(workload.Labels))
		service.InMesh = service.InMesh || inMesh
		for _, pod := range workload.Pods {
			if !selects.Matches(labels.Set(podLabels[podKey{workload.Namespace, pod.Name}])) {
				continue
			}
			selected = true
			service.InMesh = service.InMesh || pod.Revision != ""
		}
		if selected {
			service.Workloads = append(service.Workloads, workload.Name)
		}
	}
}

type ownerKey struct{ namespace, kind, name string }

// workloadsOf groups pods by what controls them in the end: the ReplicaSet's Deployment rather than the ReplicaSet. Machines
// are grouped as Istio does.
func workloadsOf(objects Objects) []Workload {
	owners := map[ownerKey]*OwnerObject{}
	for i := range objects.Owners {
		owner := &objects.Owners[i]
		owners[ownerKey{owner.Object.Namespace, owner.Kind, owner.Object.Name}] = owner
	}
	found := map[ownerKey]*Workload{}
	for key, owner := range owners {
		if metav1.GetControllerOfNoCopy(&owner.Object) == nil {
			found[key] = workloadOf(owner)
		}
	}
	for i := range objects.Pods {
		pod := &objects.Pods[i]
		key := topOwner(pod, owners)
		workload := found[key]
		if workload == nil {
			workload = &Workload{Namespace: key.namespace, Kind: key.kind, Name: key.name, Wanted: 1, Labels: pod.Labels, Created: pod.CreationTimestamp.Time}
			found[key] = workload
		}
		described := podOf(pod)
		workload.Pods = append(workload.Pods, described)
		workload.InMesh = workload.InMesh || described.Revision != "" && described.Phase == string(corev1.PodRunning)
	}
	addMachines(found, objects)
	workloads := make([]Workload, 0, len(found))
	for _, workload := range slices.SortedFunc(maps.Values(found), compareWorkloads) {
		workload.App = cmp.Or(workload.Labels["app"], workload.Labels["app.kubernetes.io/name"])
		workload.Version = cmp.Or(workload.Labels["version"], workload.Labels["app.kubernetes.io/version"])
		slices.SortFunc(workload.Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
		sortEntries(workload.Entries)
		workloads = append(workloads, *workload)
	}
	return workloads
}

func workloadOf(owner *OwnerObject) *Workload {
	return &Workload{
		Namespace: owner.Object.Namespace, Kind: owner.Kind, Name: owner.Object.Name,
		Labels: owner.Template, Created: owner.Object.CreationTimestamp.Time, Wanted: owner.Wanted,
	}
}

// maxOwners bounds the chain of owners: objects may name each other as owners in a circle.
const maxOwners = 5

func topOwner(pod *corev1.Pod, owners map[ownerKey]*OwnerObject) ownerKey {
	top := ownerKey{pod.Namespace, "Pod", pod.Name}
	reference := metav1.GetControllerOfNoCopy(pod)
	for range maxOwners {
		if reference == nil {
			break
		}
		top = ownerKey{pod.Namespace, reference.Kind, reference.Name}
		owner := owners[top]
		if owner == nil {
			break
		}
		reference = metav1.GetControllerOfNoCopy(&owner.Object)
	}
	return top
}

func compareWorkloads(a, b *Workload) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}
