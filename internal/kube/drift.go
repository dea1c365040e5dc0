package kube

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Drift is what somebody else did to an object and what was put back.
type Drift struct {
	Ref Ref
	// Deleted tells that the object was gone.
	Deleted bool
	// Fields are the paths of what was changed or removed, such as .spec.replicas.
	Fields []string
	// Managers are the field managers that changed it, where that is known.
	Managers []string
}

// maxDriftFields bounds how many fields of an object are named.
const maxDriftFields = 5

// String says in words what was put back.
func (d Drift) String() string {
	if d.Deleted {
		return d.Ref.String() + " (deleted)"
	}
	fields := d.Fields
	if len(fields) > maxDriftFields {
		fields = append(slices.Clone(fields[:maxDriftFields]), fmt.Sprintf("and %d more", len(fields)-maxDriftFields))
	}
	by := ""
	if len(d.Managers) > 0 {
		by = " by " + strings.Join(d.Managers, " and ")
	}
	return fmt.Sprintf("%s (%s, changed%s)", d.Ref, strings.Join(fields, ", "), by)
}

// driftOf compares the live object with what applying makes of it. Fields that the product applied
// before and that are not its own any more were changed by whom they belong to now, or removed.
// sameAsBefore tells that the same was applied before; otherwise a field that belongs to nobody may
// as well be a new one. It is nil when nobody else did anything.
func driftOf(live, applied *unstructured.Unstructured, sameAsBefore bool) *Drift {
	lost := fieldsOf(applied, ours).Difference(fieldsOf(live, ours)).
		Difference(fieldsOf(live, delegated))
	changed, managers := lost, []string(nil)
	if !sameAsBefore {
		changed = fieldpath.NewSet()
	}
	for _, entry := range live.GetManagedFields() {
		theirs := setOf(entry)
		if taken := lost.Intersection(theirs); !taken.Empty() {
			changed = changed.Union(taken)
			managers = append(managers, entry.Manager)
		}
	}
	if changed.Empty() {
		return nil
	}
	slices.Sort(managers)
	return &Drift{Ref: RefOf(live), Fields: outermost(changed), Managers: slices.Compact(managers)}
}

// ours tells whether an entry lists what the product applied.
func ours(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
}

// delegated tells whether an entry lists what the product itself changed in another way, or leaves
// to another for a time: the number of pods to an autoscaler.
func delegated(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldManager || entry.Manager == keeper || entry.Manager == "kube-controller-manager"
}

// OtherManagers are the field managers, the product's own aside, to whom anything below the path
// belongs.
func OtherManagers(object metav1.Object, path ...any) []string {
	within := fieldpath.MakePathOrDie(path...)
	var managers []string
	for _, entry := range object.GetManagedFields() {
		belongs := false
		setOf(entry).Iterate(func(field fieldpath.Path) {
			belongs = belongs || len(field) >= len(within) && within.Equals(field[:len(within)])
		})
		if belongs && !delegated(entry) {
			managers = append(managers, entry.Manager)
		}
	}
	slices.Sort(managers)
	return slices.Compact(managers)
}

// fieldsOf are the fields of the entries that are chosen.
func fieldsOf(object *unstructured.Unstructured, chosen func(metav1.ManagedFieldsEntry) bool) *fieldpath.Set {
	fields := fieldpath.NewSet()
	for _, entry := range object.GetManagedFields() {
		if chosen(entry) {
			fields = fields.Union(setOf(entry))
		}
	}
	return fields
}

// setOf decodes an entry. One that cannot be read tells nothing.
func setOf(entry metav1.ManagedFieldsEntry) *fieldpath.Set {
	fields := fieldpath.NewSet()
	if entry.FieldsV1 == nil || fields.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())) != nil {
		return fieldpath.NewSet()
	}
	return fields
}

// outermost lists the paths of a set without those that are within another one of it.
func outermost(set *fieldpath.Set) []string {
	var paths []fieldpath.Path
	set.Iterate(func(path fieldpath.Path) { paths = append(paths, path.Copy()) })
	slices.SortFunc(paths, func(a, b fieldpath.Path) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a.String(), b.String()))
	})
	var kept []fieldpath.Path
	var texts []string
	for _, path := range paths {
		within := func(outer fieldpath.Path) bool { return outer.Equals(path[:len(outer)]) }
		if !slices.ContainsFunc(kept, within) {
			kept = append(kept, path)
			texts = append(texts, path.String())
		}
	}
	return texts
}
