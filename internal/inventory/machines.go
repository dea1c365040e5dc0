package inventory

import (
	"cmp"
	"maps"
	"slices"

	"istio.io/api/annotation"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	istiolabels "istio.io/istio/pkg/kube/labels"
	"k8s.io/apimachinery/pkg/labels"
)

// Kinds of workloads that run outside of Kubernetes.
const (
	WorkloadGroupKind = "WorkloadGroup"
	WorkloadEntryKind = "WorkloadEntry"
)

const (
	// healthChecksAnnotation is on an entry whose proxy tells whether the application is healthy (Istio, pilot/pkg/model/status).
	healthChecksAnnotation = "proxy.istio.io/health-checks-enabled"
	healthyCondition       = "Healthy"
)

// addMachines adds the workloads that run outside of Kubernetes: groups, and entries that belong to none.
func addMachines(found map[ownerKey]*Workload, objects Objects) {
	for i := range objects.Groups {
		group := objects.Groups[i]
		workload := &Workload{Namespace: group.Namespace, Kind: WorkloadGroupKind, Name: group.Name, Created: group.CreationTimestamp.Time}
		if group.Spec.Metadata != nil {
			workload.Labels = group.Spec.Metadata.Labels
		}
		found[ownerKey{group.Namespace, WorkloadGroupKind, group.Name}] = workload
	}
	for i := range objects.Entries {
		object := objects.Entries[i]
		key := workloadOfEntry(object, found)
		workload := found[key]
		if workload == nil {
			workload = &Workload{Namespace: key.namespace, Kind: key.kind, Name: key.name, Labels: labelsOfEntry(object), Created: object.CreationTimestamp.Time}
			found[key] = workload
		}
		entry := entryOf(object)
		workload.Entries = append(workload.Entries, entry)
		workload.Wanted++
		workload.InMesh = workload.InMesh || entry.InMesh
	}
}

// workloadOfEntry is what Istio names as an entry's workload in metrics: its group, what its label says, or the entry itself.
func workloadOfEntry(object *networkingv1.WorkloadEntry, found map[ownerKey]*Workload) ownerKey {
	name := istiolabels.WorkloadNameFromWorkloadEntry(object.Name, object.Annotations, labelsOfEntry(object))
	group := ownerKey{object.Namespace, WorkloadGroupKind, name}
	if found[group] != nil || object.Annotations[annotation.IoIstioAutoRegistrationGroup.Name] != "" {
		return group
	}
	return ownerKey{object.Namespace, WorkloadEntryKind, name}
}

// labelsOfEntry are those of its object and of its specification, of which the object's win, as for Istio.
func labelsOfEntry(object *networkingv1.WorkloadEntry) map[string]string {
	all := maps.Clone(object.Spec.Labels)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, object.Labels)
	return all
}

func entryOf(object *networkingv1.WorkloadEntry) Entry {
	entry := Entry{
		Name: object.Name, Address: object.Spec.Address, Network: object.Spec.Network, Locality: object.Spec.Locality,
		ServiceAccount: object.Spec.ServiceAccount, Created: object.CreationTimestamp.Time, Labels: labelsOfEntry(object),
	}
	// Istio's API says of the account: that of the workload "if a sidecar is present".
	entry.InMesh = entry.ServiceAccount != "" || object.Annotations[annotation.IoIstioAutoRegistrationGroup.Name] != ""
	if object.Annotations[healthChecksAnnotation] == "true" {
		entry.Healthy = new(bool)
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == healthyCondition {
			healthy := condition.Status == "True"
			entry.Healthy = &healthy
		}
	}
	return entry
}

// selectsEntries tells whether a selector selects machines of a workload, and whether one of them is in the mesh.
func selectsEntries(selects labels.Selector, workload *Workload) (selected, inMesh bool) {
	for i := range workload.Entries {
		if selects.Matches(labels.Set(workload.Entries[i].Labels)) {
			selected, inMesh = true, inMesh || workload.Entries[i].InMesh
		}
	}
	return selected, inMesh
}

func sortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
}
