package registry

import (
	"testing"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// Objects that have the same name in several clusters get names of their own, and a rule is not changed by being used.
func TestPlaceholders(t *testing.T) {
	rules := []v1alpha1.SyncRule{read[v1alpha1.SyncRule](t, `
mutations:
  overrides:
  - path: /metadata/name
    value: '{{ .Object.GetName }}-{{ .Cluster.GetName }}'
`)}
	original := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: a, name: settings}}")
	copied, err := Copy(original, filled(rules, original, "c2"), "id-2")
	if err != nil {
		t.Fatal(err)
	}
	if copied.GetName() != "settings-c2" || originOf(copied).name != "settings" {
		t.Errorf("the copy is %s of %s; want settings-c2 of settings", copied.GetName(), originOf(copied).name)
	}
	if rules[0].Mutations.Overrides[0].Value != "{{ .Object.GetName }}-{{ .Cluster.GetName }}" {
		t.Error("the rule was changed")
	}
}
