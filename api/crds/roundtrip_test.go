package crds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// Every field that the definitions admit has its place in the Go types: a program that reads a resource and writes
// it back loses nothing.
func TestTypesHoldAllFields(t *testing.T) {
	scheme := newScheme(t)
	for _, definition := range all(t) {
		t.Run(definition.Spec.Names.Kind, func(t *testing.T) {
			want := example(definition.Spec.Versions[0].Schema.OpenAPIV3Schema).(map[string]any)
			kind := kindOf(definition)
			want["apiVersion"], want["kind"] = kind.GroupVersion().String(), kind.Kind
			want["metadata"] = map[string]any{"name": "a"}
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			got := decode(t, encode(t, decodeStrictly(t, scheme, kind, text)))
			if diff := cmp.Diff(decode(t, text), got); diff != "" {
				t.Errorf("after reading and writing (-before +after):\n%s", diff)
			}
		})
	}
}

// Every field of the Go types is in the definitions, with a type that admits it: what a program writes is stored as
// it is.
func TestDefinitionsHoldAllFields(t *testing.T) {
	const rounds = 20
	scheme, checkers := newScheme(t), checkers(t)
	for _, definition := range all(t) {
		t.Run(definition.Spec.Names.Kind, func(t *testing.T) {
			kind := kindOf(definition)
			for seed := range int64(rounds) {
				object, err := scheme.New(kind)
				if err != nil {
					t.Fatal(err)
				}
				fill(seed, object)
				object.GetObjectKind().SetGroupVersionKind(kind)
				text := encode(t, object)
				checker := checkers[kind.Kind]
				if unknown := checker.unknownFields(decode(t, text)); len(unknown) > 0 {
					t.Fatalf("seed %d: the definition lacks %q", seed, unknown)
				}
				for _, err := range checker.values.Validate(withoutNulls(decode(t, text))).Errors {
					if strings.Contains(err.Error(), "must be of type") {
						t.Fatalf("seed %d: %v", seed, err)
					}
				}
				if again := encode(t, decodeStrictly(t, scheme, kind, text)); !bytes.Equal(text, again) {
					t.Fatalf("seed %d: after writing and reading:\n%s", seed, cmp.Diff(string(text), string(again)))
				}
			}
		})
	}
}

func kindOf(definition *apiextensionsv1.CustomResourceDefinition) runtimeschema.GroupVersionKind {
	spec := definition.Spec
	return runtimeschema.GroupVersionKind{Group: spec.Group, Version: spec.Versions[0].Name, Kind: spec.Names.Kind}
}

func encode(t *testing.T, object runtime.Object) []byte {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decodeStrictly(t *testing.T, scheme *runtime.Scheme, kind runtimeschema.GroupVersionKind, text []byte) runtime.Object {
	t.Helper()
	object, err := scheme.New(kind)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(object); err != nil {
		t.Fatal(err)
	}
	return object
}

// withoutNulls removes fields that are null, as an API server does.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		maps.DeleteFunc(value, func(_ string, field any) bool { return field == nil })
		for _, field := range value {
			withoutNulls(field)
		}
	case []any:
		for _, element := range value {
			withoutNulls(element)
		}
	}
	return value
}

// example is a value that sets everything that a schema admits.
func example(props *apiextensionsv1.JSONSchemaProps) any {
	switch {
	case props.XIntOrString:
		return "1"
	case props.Format == "date-time":
		return "2025-01-02T03:04:05Z"
	case props.Format == "byte":
		return "dGV4dA=="
	case props.XPreserveUnknownFields != nil:
		return map[string]any{"any": "thing"}
	}
	switch props.Type {
	case "object":
		if props.AdditionalProperties != nil {
			return map[string]any{"key": example(props.AdditionalProperties.Schema)}
		}
		fields := map[string]any{}
		for name, field := range props.Properties {
			fields[name] = example(&field)
		}
		return fields
	case "array":
		return []any{example(props.Items.Schema)}
	case "boolean":
		return true
	case "integer", "number":
		return 1
	default:
		return "x"
	}
}

// fill sets fields of an object at random, the same ones for the same seed.
func fill(seed int64, object runtime.Object) {
	filler := randfill.NewWithSeed(seed).NilChance(0.3).NumElements(1, 2).Funcs(
		func(out *resource.Quantity, r randfill.Continue) {
			*out = resource.MustParse(fmt.Sprintf("%dm", 1+r.Int31n(5000)))
		},
		func(out *intstr.IntOrString, r randfill.Continue) {
			*out = intstr.Parse([]string{"8080", "http", "25%"}[r.Intn(3)])
		},
		func(out *apiextensionsv1.JSON, r randfill.Continue) {
			out.Raw = fmt.Appendf(nil, `{"n":%d}`, r.Int31())
		},
		func(out *metav1.Time, r randfill.Continue) {
			*out = metav1.Unix(rand.New(rand.NewPCG(r.Uint64(), 0)).Int64N(1<<32), 0)
			out.Time = out.In(time.UTC)
		},
		func(out *metav1.ObjectMeta, _ randfill.Continue) { out.Name = "a" },
	)
	filler.Fill(object)
}
