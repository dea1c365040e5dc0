package registry

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The controller and its peers have the rights that are documented, and none for everything.
func TestRights(t *testing.T) {
	objects, err := Objects(Installation{Namespace: DefaultNamespace, ClusterName: "c", Image: DefaultImage})
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string]bool{}
	for _, o := range objects {
		if o.GetKind() == "Secret" {
			t.Errorf("%s: credentials are made by the controller", o.GetName())
		}
		rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
		for _, r := range rules {
			for _, field := range []string{"apiGroups", "resources", "verbs"} {
				values, _, _ := unstructured.NestedStringSlice(r.(map[string]any), field)
				if slices.Contains(values, "*") {
					t.Errorf("%s %s has a wildcard in %s", o.GetKind(), o.GetName(), field)
				}
			}
			resources, _, _ := unstructured.NestedStringSlice(r.(map[string]any), "resources")
			verbs, _, _ := unstructured.NestedStringSlice(r.(map[string]any), "verbs")
			for _, resource := range resources {
				for _, verb := range verbs {
					rights[o.GetName()+" "+verb+" "+resource] = true
				}
			}
		}
	}
	for right, want := range map[string]bool{
		ReaderServiceAccount + " watch secrets":          true,
		ReaderServiceAccount + " list nodes":             true,
		ReaderServiceAccount + " update secrets":         false,
		ReaderServiceAccount + " create clusters":        false,
		ControllerName + " update secrets":               true,
		ControllerName + " create serviceaccounts/token": true,
		ControllerName + " delete nodes":                 false,
	} {
		if rights[right] != want {
			t.Errorf("%s: %t, want %t", right, rights[right], want)
		}
	}
}
