package kube

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
)

// Union lists every object of either inventory once, those of a first.
func Union(a, b []Ref) []Ref {
	return append(slices.Clone(a), Difference(b, a)...)
}

// Difference lists the objects of a that are not in b.
func Difference(a, b []Ref) []Ref {
	known := make(map[Ref]bool, len(b))
	for _, ref := range b {
		known[ref.identity()] = true
	}
	var rest []Ref
	for _, ref := range a {
		if !known[ref.identity()] {
			known[ref.identity()] = true
			rest = append(rest, ref)
		}
	}
	return rest
}

// Refs reads the inventory in the status of a resource.
func Refs(inventory []metav1alpha1.InventoryEntry) []Ref {
	list := make([]Ref, 0, len(inventory))
	for _, entry := range inventory {
		list = append(list, Ref(entry))
	}
	return list
}

// Entries is the inventory as it stands in the status of a resource.
func Entries(refs []Ref) []metav1alpha1.InventoryEntry {
	list := make([]metav1alpha1.InventoryEntry, 0, len(refs))
	for _, ref := range refs {
		list = append(list, metav1alpha1.InventoryEntry(ref))
	}
	return list
}

// RefsOf names each of the objects once.
func RefsOf(objects []*unstructured.Unstructured) []Ref {
	refs := make([]Ref, 0, len(objects))
	for _, object := range objects {
		refs = append(refs, RefOf(object))
	}
	return Union(nil, refs)
}
