package kube

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// owned is an object whose managers own the given fields.
func owned(t *testing.T, managers map[string]string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	object.SetKind("Deployment")
	object.SetName("istiod")
	var entries []metav1.ManagedFieldsEntry
	for manager, fields := range managers {
		entry := metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: &metav1.FieldsV1{}}
		if manager == FieldManager {
			entry.Operation = metav1.ManagedFieldsOperationApply
		}
		if err := json.Unmarshal([]byte(fields), entry.FieldsV1); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	object.SetManagedFields(entries)
	return object
}

// Who changed what follows from whose the fields are.
func TestDriftOf(t *testing.T) {
	const all = `{"f:spec":{"f:replicas":{},"f:template":{"f:containers":{"k:{\"name\":\"discovery\"}":{".":{},"f:image":{},"f:name":{}}}}}}`
	for name, test := range map[string]struct {
		live   map[string]string
		before bool
		want   string
	}{
		"nothing lost": {map[string]string{"smm": all}, true, ""},
		"changed by hand": {map[string]string{
			"smm":          `{"f:spec":{"f:template":{"f:containers":{"k:{\"name\":\"discovery\"}":{".":{},"f:image":{},"f:name":{}}}}}}`,
			"kubectl-edit": `{"f:spec":{"f:replicas":{}}}`,
		}, false, "Deployment istiod (.spec.replicas, changed by kubectl-edit)"},
		"removed by hand, of which nobody's mark is left": {map[string]string{"smm": `{"f:spec":{"f:replicas":{}}}`},
			true, `Deployment istiod (.spec.template.containers[name="discovery"], changed)`},
		"asked for only now": {map[string]string{"smm": `{"f:spec":{"f:replicas":{}}}`}, false, ""},
		"left to an autoscaler": {map[string]string{
			"smm":                     `{"f:spec":{"f:template":{"f:containers":{"k:{\"name\":\"discovery\"}":{".":{},"f:image":{},"f:name":{}}}}}}`,
			"kube-controller-manager": `{"f:spec":{"f:replicas":{}}}`,
		}, true, ""},
		"by two": {map[string]string{
			"smm": `{"f:spec":{"f:template":{"f:containers":{"k:{\"name\":\"discovery\"}":{".":{},"f:name":{}}}}}}`,
			"b":   `{"f:spec":{"f:replicas":{}}}`,
			"a":   `{"f:spec":{"f:template":{"f:containers":{"k:{\"name\":\"discovery\"}":{"f:image":{}}}}}}`,
		}, true, `Deployment istiod (.spec.replicas, .spec.template.containers[name="discovery"].image, changed by a and b)`},
		"not readable": {map[string]string{"smm": `{}`, "other": `["nonsense"]`}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if drift := driftOf(owned(t, test.live), owned(t, map[string]string{"smm": all}), test.before); drift != nil {
				got = drift.String()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDriftsAreNamedWithinBounds(t *testing.T) {
	ctx, collected := collectDrifts(t.Context())
	for range maxDrifts + 2 {
		NoteDrift(ctx, Drift{Ref: Ref{Kind: "Deployment", Name: "a"}, Fields: []string{"a", "b", "c", "d", "e", "f", "g"}})
	}
	message := collected.message()
	if n := len(shortened(message + message)); n > 1024 {
		t.Errorf("an event of %d bytes", n)
	}
	for _, want := range []string{"Deployment a (a, b, c, d, e, and 2 more, changed)", "; and 2 more objects"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q does not say %q", message, want)
		}
	}
	NoteDrift(t.Context(), Drift{}) // nobody listens
}
