package istio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	istiolog "istio.io/istio/pkg/log"
)

// CheckMeshConfig refuses a mesh config, or a part of one, that Istio's own MeshConfig type does
// not fit. The error begins with the path of what does not fit, which itself begins with field.
func CheckMeshConfig(field string, config map[string]any) error {
	return fitIfAny(field, config, (&meshconfig.MeshConfig{}).ProtoReflect())
}

// CheckTracing is CheckMeshConfig for the part of a mesh config that is about traces.
func CheckTracing(field string, config map[string]any) error {
	return fitIfAny(field, config, (&meshconfig.Tracing{}).ProtoReflect())
}

func fitIfAny(field string, config map[string]any, message protoreflect.Message) error {
	if len(config) == 0 {
		return nil
	}
	return fit(field, config, message)
}

// ValidateMeshConfig reads the text of a mesh config as istiod does, with its defaults, and
// returns what istiod would refuse it for.
func ValidateMeshConfig(text string) error {
	quiet()
	_, err := mesh.ApplyMeshConfigDefaults(text)
	if err == nil {
		return nil
	}
	var causes interface{ WrappedErrors() []error }
	if !errors.As(err, &causes) {
		return errors.New(protoMessage(err))
	}
	var messages []string
	for _, cause := range causes.WrappedErrors() {
		message := protoMessage(cause)
		if !strings.Contains(strings.Join(messages, "\n"), message) { // it also lists the causes of causes
			messages = append(messages, message)
		}
	}
	return errors.New(strings.Join(messages, "; "))
}

// quiet keeps Istio's code from writing to the standard output what it thinks of a config.
func quiet() {
	for _, name := range []string{istiolog.DefaultScopeName, "validation"} {
		if scope := istiolog.FindScope(name); scope != nil {
			scope.SetOutputLevel(istiolog.NoneLevel)
		}
	}
}

// fit tells the innermost part of a value that does not fit the message, and why.
func fit(path string, value any, message protoreflect.Message) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	misfit := protojson.Unmarshal(encoded, message.New().Interface())
	if misfit == nil {
		return nil
	}
	parts, isObject := value.(map[string]any)
	known := message.Descriptor().Fields()
	if isObject && message.Descriptor().ParentFile().Package() != "google.protobuf" {
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			field := known.ByJSONName(name)
			if field == nil {
				field = known.ByTextName(name)
			}
			if field == nil {
				return fmt.Errorf("%s.%s: Istio's %s has no such field", path, name, message.Descriptor().Name())
			}
			if err := fitField(path+"."+name, parts[name], message, field); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%s: %s", path, protoMessage(misfit))
}

// fitField looks for what does not fit within one field of a message.
func fitField(path string, value any, parent protoreflect.Message, field protoreflect.FieldDescriptor) error {
	empty := parent.New().NewField(field)
	list, isList := value.([]any)
	object, isObject := value.(map[string]any)
	switch {
	case field.IsList() && isList && field.Message() != nil:
		for i, item := range list {
			if err := fit(fmt.Sprintf("%s[%d]", path, i), item, empty.List().NewElement().Message()); err != nil {
				return err
			}
		}
	case field.IsMap() && isObject && field.MapValue().Message() != nil:
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if err := fit(path+"."+key, object[key], empty.Map().NewValue().Message()); err != nil {
				return err
			}
		}
	case !field.IsList() && !field.IsMap() && field.Message() != nil:
		return fit(path, value, empty.Message())
	}
	return fitAlone(path, value, parent, field)
}

// fitAlone tries the field as the only one of its message.
func fitAlone(path string, value any, parent protoreflect.Message, field protoreflect.FieldDescriptor) error {
	encoded, err := json.Marshal(map[string]any{field.JSONName(): value})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := protojson.Unmarshal(encoded, parent.New().Interface()); err != nil {
		return fmt.Errorf("%s: %s", path, protoMessage(err))
	}
	return nil
}

// protoPrefix is what protojson begins its errors with: the position in an encoding that users
// never see.
var protoPrefix = regexp.MustCompile(`proto:[\s\x{a0}]*(syntax error[\s\x{a0}]*)?(\(line [0-9:]+\):[\s\x{a0}]*)?`)

// protoMessage is the error in one line. The space that protojson begins its errors with differs
// between builds on purpose.
func protoMessage(err error) string {
	return strings.Join(strings.Fields(protoPrefix.ReplaceAllString(err.Error(), "")), " ")
}
