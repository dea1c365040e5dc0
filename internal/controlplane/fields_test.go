package controlplane_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
)

type (
	schema = apiextensionsv1.JSONSchemaProps
	object = map[string]any
)

// notRendered are fields that are about the reconciler, not about what it renders.
var notRendered = map[string]string{
	"spec.version": "chooses the release whose charts are rendered",
	"spec.mode":    "a passive control plane renders nothing",
}

// contexts are what a field needs to mean anything: the rest of the specification is that.
var contexts = map[string]string{
	"spec.proxyInit.cni":                                             "{proxyInit: {cni: {enabled: true}}}",
	"spec.proxyInit.cni.resourceQuotas":                              "{proxyInit: {cni: {enabled: true, resourceQuotas: {enabled: true}}}}",
	"spec.istiod.ca.vault":                                           "{istiod: {ca: {vault: {enabled: true, address: a, certPath: c, keyPath: k, role: r}}}}",
	"spec.meshExpansion":                                             "{meshExpansion: {enabled: true}}",
	"spec.k8sResourceOverlays[].patches[].path":                      "{k8sResourceOverlays: [{patches: [{path: '/metadata/annotations?/a'}]}]}",
	"spec.k8sResourceOverlays[].patches[].type":                      "{k8sResourceOverlays: [{patches: [{path: '/metadata/labels?'}]}]}",
	"spec.k8sResourceOverlays[].patches[].value":                     "{k8sResourceOverlays: [{patches: [{path: '/metadata/annotations?/a'}]}]}",
	"spec.k8sResourceOverlays[].patches[].parseValue":                "{k8sResourceOverlays: [{patches: [{path: '/metadata/annotations?/a', value: '1'}]}]}",
	"spec.k8sResourceOverlays[].groupVersionKind":                    "{k8sResourceOverlays: [{patches: [{path: '/metadata/annotations?/a', value: b}]}]}",
	"spec.k8sResourceOverlays[].objectKey":                           "{k8sResourceOverlays: [{patches: [{path: '/metadata/annotations?/a', value: b}]}]}",
	"spec.istiod.deployment.replicas.targetCPUUtilizationPercentage": "{istiod: {deployment: {replicas: {min: 1}}}}",
}

// samples are values for fields whose schema does not say which are valid.
var samples = map[string][]any{
	"spec.meshConfig":                           {object{"accessLogFile": "/dev/stdout"}},
	"spec.tracer":                               {object{"zipkin": object{"address": "zipkin:9411"}}},
	"spec.proxy.tracer":                         {"zipkin"},
	"spec.logging.level":                        {"default:debug"},
	"spec.distribution":                         {"cisco"},
	"spec.k8sResourceOverlays[].patches[].path": {"/metadata/labels?/sample"},
}

// leaf is a field that holds no other fields.
type leaf struct {
	path  string
	parts []string // keys, and [] for the first item of a list
	node  *schema
}

// Nothing is ignored silently: each field of a specification changes what is rendered, or the
// UnsupportedFields condition names it or what it is part of.
func TestEveryFieldTakesEffectOrIsNamed(t *testing.T) {
	spec := specSchema(t)
	leaves := leavesOf(spec, "spec", nil)
	if len(leaves) < 500 {
		t.Fatalf("the schema has %d fields; the test does not see them all", len(leaves))
	}
	if testing.Short() {
		t.Logf("%d fields, of which each tenth is tried", len(leaves))
	}
	r := &renderer{release: find(t, ""), seen: map[string]string{}}
	for i, field := range leaves {
		if testing.Short() && i%10 != 0 || notRendered[field.path] != "" {
			continue
		}
		if problem := r.try(t, spec, field); problem != "" {
			t.Errorf("%s: %s", field.path, problem)
		}
	}
	t.Logf("%d fields, %d renderings", len(leaves), len(r.seen))
}

func specSchema(t *testing.T) *schema {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range definitions {
		if definition.Spec.Names.Kind == v1alpha1.KindIstioControlPlane {
			spec := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
			return &spec
		}
	}
	t.Fatal("there is no definition of IstioControlPlanes")
	return nil
}

func leavesOf(node *schema, path string, parts []string) []leaf {
	switch {
	case len(node.Properties) > 0:
		var leaves []leaf
		for _, name := range slices.Sorted(maps.Keys(node.Properties)) {
			child := node.Properties[name]
			leaves = append(leaves, leavesOf(&child, path+"."+name, append(slices.Clone(parts), name))...)
		}
		return leaves
	case node.Type == "array" && len(node.Items.Schema.Properties) > 0:
		return leavesOf(node.Items.Schema, path+"[]", append(slices.Clone(parts), "[]"))
	}
	return []leaf{{path, parts, node}}
}

// renderer renders specifications and remembers what came out.
type renderer struct {
	release istio.Release
	seen    map[string]string
}

// try compares what is rendered with the field set to what is rendered without. It returns what
// is wrong.
func (r *renderer) try(t *testing.T, spec *schema, field leaf) string {
	t.Helper()
	without := build(spec, field, contextOf(t, field.path), nil)
	base, err := r.render(t, without)
	if err != "" {
		return "without it: " + err
	}
	var problem string
	for _, value := range candidates(field) {
		with := build(spec, field, contextOf(t, field.path), value)
		if named(t, with, field.path) {
			return ""
		}
		got, err := r.render(t, with)
		switch {
		case err != "":
			problem = fmt.Sprintf("with %v: %s", value, err)
		case got != base:
			return ""
		case problem == "":
			problem = fmt.Sprintf("%v changes nothing that is rendered, and no condition names it", candidates(field))
		}
	}
	return problem
}

func (r *renderer) render(t *testing.T, spec object) (rendered, problem string) {
	t.Helper()
	encoded, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	if known, ok := r.seen[string(encoded)]; ok {
		return known, ""
	}
	objects, err := controlplane.Objects(controlPlaneOf(t, spec), r.release, "v1.36.3", true)
	if err != nil {
		return "", err.Error()
	}
	// A ConfigMap repeats the chart's input for people who look for it, whatever comes of it.
	objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetName() == "values-cp" })
	out, err := json.Marshal(objects)
	if err != nil {
		return "", err.Error()
	}
	r.seen[string(encoded)] = digest(string(out))
	return r.seen[string(encoded)], ""
}

func controlPlaneOf(t *testing.T, spec object) *v1alpha1.IstioControlPlane {
	t.Helper()
	encoded, err := json.Marshal(object{"metadata": object{"name": "cp", "namespace": "mesh"}, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	icp := &v1alpha1.IstioControlPlane{}
	if err := json.Unmarshal(encoded, icp); err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	return icp
}

// named tells whether the condition names the field, or what it is part of.
func named(t *testing.T, spec object, path string) bool {
	t.Helper()
	for _, field := range controlplane.Unsupported(&controlPlaneOf(t, spec).Spec) {
		if path == field || strings.HasPrefix(path, field+".") || strings.HasPrefix(path, field+"[") {
			return true
		}
	}
	return false
}

// contextOf is that of the longest path that the field's begins with.
func contextOf(t *testing.T, path string) object {
	t.Helper()
	longest := ""
	for prefix := range contexts {
		if strings.HasPrefix(path, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	context := object{}
	if longest != "" {
		decodeYAML(t, contexts[longest], &context)
	}
	return context
}

// build lays the field, with what its parents require, over the context. A nil value leaves the
// field out, unless it is required.
func build(spec *schema, field leaf, context object, value any) object {
	return lay(spec, field.parts, context, value).(object)
}

func lay(node *schema, parts []string, below, value any) any {
	if len(parts) == 0 {
		if value == nil {
			return below
		}
		return value
	}
	if parts[0] == "[]" {
		list, _ := below.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = lay(node.Items.Schema, parts[1:], list[0], value)
		return list
	}
	fields, _ := below.(object)
	if fields == nil {
		fields = object{}
	}
	for _, name := range node.Required {
		if child := node.Properties[name]; fields[name] == nil {
			fields[name] = sample(&child, name)[0]
		}
	}
	child := node.Properties[parts[0]]
	if laid := lay(&child, parts[1:], fields[parts[0]], value); laid != nil {
		fields[parts[0]] = laid
	}
	return fields
}

// candidates are values of which one at least has to make a difference.
func candidates(field leaf) []any {
	if known := samples[field.path]; known != nil {
		return known
	}
	return sample(field.node, field.parts[len(field.parts)-1])
}

// sample are values that fit a schema.
func sample(node *schema, name string) []any {
	switch {
	case len(node.Enum) > 0:
		var values []any
		for _, raw := range node.Enum {
			var value any
			if json.Unmarshal(raw.Raw, &value) == nil && value != "" {
				values = append(values, value)
			}
		}
		return values
	case node.XIntOrString:
		return []any{7, "30%"}
	case node.Type == "boolean":
		return []any{true, false}
	case node.Type == "integer":
		return []any{7, 8}
	case node.Type == "number":
		return []any{7.5, 8.5}
	case node.Type == "array":
		var items []any
		for _, item := range sample(node.Items.Schema, name) {
			items = append(items, []any{item})
		}
		return items
	case node.Type == "object" && node.AdditionalProperties != nil && node.AdditionalProperties.Schema != nil:
		var values []any
		for _, value := range sample(node.AdditionalProperties.Schema, name) {
			values = append(values, object{"cpu": value})
		}
		return values
	case node.Type == "object":
		fields := object{}
		for _, required := range node.Required {
			child := node.Properties[required]
			fields[required] = sample(&child, required)[0]
		}
		return []any{fields}
	}
	return []any{"sample", "other"}
}
