package registry

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// What a Cluster tells of dismissed ones is read as it was noted, the latest time counts, and what cannot be read is
// left out.
func TestDismissals(t *testing.T) {
	first, later := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	own := &v1alpha1.Cluster{}
	Dismiss(own, "b", first)
	Dismiss(own, "a", first)
	Dismiss(own, "b", later)
	if diff := cmp.Diff(dismissals{"a": first, "b": later}, dismissalsOf(own)); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	own.Annotations[v1alpha1.DismissedAnnotation] += ",c,d=yesterday, e=2026-01-02T03:04:05Z"
	all := dismissals{"a": later}
	all.add(dismissalsOf(own))
	if diff := cmp.Diff(dismissals{"a": later, "b": later, "e": first}, all); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
}
