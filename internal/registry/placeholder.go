package registry

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

// filled puts what is known of an original into the values of overrides that ask for it: by its own name and the name
// of its cluster, copies of objects that have the same name in several clusters get names of their own. These are the
// only placeholders; rules come from peers, so that nothing in them is run.
func filled(rules []v1alpha1.SyncRule, original *unstructured.Unstructured, cluster string) []v1alpha1.SyncRule {
	values := strings.NewReplacer(
		"{{ .Object.GetName }}", original.GetName(),
		"{{ .Object.GetNamespace }}", original.GetNamespace(),
		"{{ .Cluster.GetName }}", cluster,
	)
	rules = slices.Clone(rules)
	for i := range rules {
		overrides := slices.Clone(rules[i].Mutations.Overrides)
		for j := range overrides {
			overrides[j].Value = values.Replace(overrides[j].Value)
		}
		rules[i].Mutations.Overrides = overrides
	}
	return rules
}
