package crds_test

import (
	"fmt"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"

	"github.com/meshmanager/smm/api/crds"
)

// checker does to a custom resource what an API server does before it stores one, except for the rules in CEL, which
// test/conformance tries on a real API server.
type checker struct {
	structural *schema.Structural
	values     *validate.SchemaValidator
}

// checkers returns a checker for each kind of the product.
func checkers(t testing.TB) map[string]checker {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]checker{}
	for _, definition := range definitions {
		structural := structural(t, definition)
		values := validate.NewSchemaValidator(structural.ToKubeOpenAPI(), nil, "", strfmt.Default)
		found[definition.Spec.Names.Kind] = checker{structural, values}
	}
	return found
}

func structural(t testing.TB, definition *apiextensionsv1.CustomResourceDefinition) *schema.Structural {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apiextensionsv1.AddToScheme, apiextensions.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	internal := &apiextensions.CustomResourceDefinition{}
	if err := scheme.Convert(definition.DeepCopy(), internal, nil); err != nil {
		t.Fatalf("%s: %v", definition.Name, err)
	}
	structural, err := schema.NewStructural(internal.Spec.Validation.OpenAPIV3Schema)
	if err != nil {
		t.Fatalf("%s: %v", definition.Name, err)
	}
	return structural
}

// unknownFields lists the fields of a resource that its kind does not have. Strict field validation refuses them.
func (c checker) unknownFields(resource map[string]any) []string {
	return pruning.PruneWithOptions(runtime.DeepCopyJSON(resource), c.structural, true,
		schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

// problems lists everything for which an API server refuses a resource under strict field validation.
func (c checker) problems(resource map[string]any) []string {
	var found []string
	for _, field := range c.unknownFields(resource) {
		found = append(found, fmt.Sprintf("unknown field %q", field))
	}
	for _, err := range c.values.Validate(resource).Errors {
		found = append(found, err.Error())
	}
	for _, err := range listtype.ValidateListSetsAndMaps(nil, c.structural, resource) {
		found = append(found, err.Error())
	}
	return found
}
