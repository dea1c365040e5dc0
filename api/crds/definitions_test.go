package crds_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
)

func all(t *testing.T) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(definitions) == 0 {
		t.Fatal("there are no definitions")
	}
	return definitions
}

// An API server serves a kind, and prunes unknown fields, only with a structural schema.
func TestDefinitionsAreStructural(t *testing.T) {
	for _, definition := range all(t) {
		for _, err := range schema.ValidateStructural(nil, structural(t, definition)) {
			t.Errorf("%s: %v", definition.Name, err)
		}
	}
}

// `kubectl apply` keeps a copy of the object in an annotation, and annotations are limited to 256 KiB in all.
func TestDefinitionsFitIntoAnAnnotation(t *testing.T) {
	const limit = 256 << 10
	for _, definition := range all(t) {
		text, err := json.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) >= limit {
			t.Errorf("%s has %d bytes, the limit is %d", definition.Name, len(text), limit)
		}
	}
}

// A default would be written into resources, where a GitOps tool sees it as a difference from what it applied.
func TestDefinitionsHaveNoDefaults(t *testing.T) {
	for _, definition := range all(t) {
		visit(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, "", func(path string, props *apiextensionsv1.JSONSchemaProps) {
			if props.Default != nil {
				t.Errorf("%s: %s has the default %s", definition.Name, path, props.Default.Raw)
			}
		})
	}
}

// kubectl explain and the reference need a description of each field that the product defines.
func TestFieldsAreDescribed(t *testing.T) {
	for _, definition := range all(t) {
		root := definition.Spec.Versions[0].Schema.OpenAPIV3Schema
		for _, part := range []string{"spec", "status"} {
			for name, field := range root.Properties[part].Properties {
				if field.Description == "" {
					t.Errorf("%s: %s.%s has no description", definition.Name, part, name)
				}
			}
		}
	}
}

func TestDocumentedNamesAndColumns(t *testing.T) {
	type face struct{ Scope, ShortName, Columns string }
	want := map[string]face{
		"clusterfeatures.clusterregistry.k8s.cisco.com": {"Cluster", "cf", "FEATURE"},
		"clusters.clusterregistry.k8s.cisco.com": {"Cluster", "",
			"ID,STATUS,TYPE,SYNCED,VERSION,PROVIDER,DISTRIBUTION,REGION,STATUS MESSAGE,SYNC MESSAGE"},
		"resourcesyncrules.clusterregistry.k8s.cisco.com": {"Cluster", "rsr", "KIND,SYNCED,MESSAGE,AGE"},
		"servicemeshes.asm.alauda.io":                     {Scope: "Namespaced", Columns: "STATE,SYNTHESISPHASE,PHASE,VERSION,DESIREDVERSION"},
		"controlplanes.smm.cisco.com":                     {"Cluster", "cp", "CLUSTER,ROLE,STATUS,ERROR,AGE"},
		"globalmeshes.discovery.mspider.io":               {Scope: "Namespaced", Columns: "MODE,OWNERCLUSTER,DEPLOYNAMESPACE,PHASE,MESHVERSION"},
		"meshclusters.discovery.mspider.io":               {Scope: "Namespaced", Columns: "MESH,NETWORK,PHASE,AGE"},
		"demoapplications.smm.cisco.com":                  {"Namespaced", "", "ENABLED,STATUS,ERROR,AGE"},
		"istiocontrolplanes.servicemesh.cisco.com":        {"Namespaced", "icp", "MODE,NETWORK,STATUS,MESH EXPANSION,EXPANSION GW IPS,ERROR,AGE"},
		"istiomeshes.servicemesh.cisco.com":               {"Namespaced", "imesh", "STATUS,ERROR,AGE"},
		"istiomeshgateways.servicemesh.cisco.com":         {"Namespaced", "imgw", "TYPE,SERVICE TYPE,STATUS,INGRESS IPS,ERROR,AGE,CONTROL PLANE"},
		"peeristiocontrolplanes.servicemesh.cisco.com":    {"Namespaced", "picp", "MODE,NETWORK,STATUS,MESH EXPANSION,EXPANSION GW IPS,ERROR,AGE"},
	}
	got := map[string]face{}
	for _, definition := range all(t) {
		spec := definition.Spec
		var columns []string
		for _, column := range spec.Versions[0].AdditionalPrinterColumns {
			columns = append(columns, strings.ToUpper(column.Name))
		}
		shortName := ""
		if len(spec.Names.ShortNames) > 0 {
			shortName = spec.Names.ShortNames[0]
		}
		got[definition.Name] = face{string(spec.Scope), shortName, strings.Join(columns, ",")}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names and columns (-want +got):\n%s", diff)
	}
}

func TestKindsAreInTheScheme(t *testing.T) {
	scheme := newScheme(t)
	for _, definition := range all(t) {
		version := runtimeschema.GroupVersion{Group: definition.Spec.Group, Version: definition.Spec.Versions[0].Name}
		for _, kind := range []string{definition.Spec.Names.Kind, definition.Spec.Names.ListKind} {
			if !scheme.Recognizes(version.WithKind(kind)) {
				t.Errorf("the scheme does not know %s", version.WithKind(kind))
			}
		}
	}
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	return scheme
}

// visit calls do for a schema and everything in it.
func visit(props *apiextensionsv1.JSONSchemaProps, path string, do func(path string, props *apiextensionsv1.JSONSchemaProps)) {
	do(path, props)
	for name, property := range props.Properties {
		visit(&property, path+"."+name, do)
	}
	if props.Items != nil && props.Items.Schema != nil {
		visit(props.Items.Schema, path+"[]", do)
	}
	if props.AdditionalProperties != nil && props.AdditionalProperties.Schema != nil {
		visit(props.AdditionalProperties.Schema, path+"{}", do)
	}
}
