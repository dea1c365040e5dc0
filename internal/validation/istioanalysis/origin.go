package istioanalysis

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/resource"

	"github.com/meshmanager/smm/internal/validation"
)

// origin tells analyzers where a resource comes from. They ask it for the line of a field to put into a message; it
// answers with a number that stands for the field, so that the message tells the field itself.
type origin struct {
	object  *validation.Object
	kind    config.GroupVersionKind
	cluster cluster.ID
	listed  sync.Once // when the first field is asked for
	fields  []string  // all fields of the object
	numbers map[string]int
}

var _ resource.Origin = (*origin)(nil)

// FriendlyName is the kind and name, as istioctl shows it.
func (o *origin) FriendlyName() string { return o.kind.Kind + " " + o.object.Qualified() }

// Comparator orders messages.
func (o *origin) Comparator() string {
	return o.kind.Kind + "/" + o.object.Name + "/" + o.object.Namespace
}

// Namespace is that of the resource; a namespace is in itself.
func (o *origin) Namespace() resource.Namespace {
	if o.object.Kind == validation.Namespace {
		return resource.Namespace(o.object.Name)
	}
	return resource.Namespace(o.object.Namespace)
}

// Reference is nothing: findings have their own source.
func (*origin) Reference() resource.Reference { return nil }

// ClusterName is the cluster of the resource.
func (o *origin) ClusterName() cluster.ID { return o.cluster }

// FieldMap gives every field of the resource a number from 1: see field.
func (o *origin) FieldMap() map[string]int {
	o.list()
	return o.numbers
}

// list numbers the fields once: their order is another each time.
func (o *origin) list() {
	o.listed.Do(func() {
		o.fields = fieldsOf(o.object)
		o.numbers = make(map[string]int, len(o.fields))
		for i, field := range o.fields {
			o.numbers[field] = i + 1
		}
	})
}

// field is the field that a number of FieldMap stands for, from the specification on.
func (o *origin) field(number int) string {
	o.list()
	if number < 1 || number > len(o.fields) {
		return ""
	}
	field := strings.Trim(o.fields[number-1], "{.}")
	return strings.TrimPrefix(field, "spec.")
}

func fieldsOf(o *validation.Object) []string {
	fields := []string{"{.metadata.name}", "{.metadata.namespace}"}
	for _, name := range []string{"labels", "annotations"} {
		values := o.Labels
		if name == "annotations" {
			values = o.Annotations
		}
		for key := range values {
			fields = append(fields, fmt.Sprintf("{.metadata.%s.%s}", name, key))
		}
	}
	slices.Sort(fields)
	var spec any
	if raw, err := json.Marshal(o.Spec); err == nil && json.Unmarshal(raw, &spec) == nil {
		addFields(&fields, ".spec", spec)
	}
	return fields
}

func addFields(fields *[]string, path string, value any) {
	*fields = append(*fields, "{"+path+"}")
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			addFields(fields, path+"."+key, inner)
		}
	case []any:
		for i, inner := range value {
			addFields(fields, fmt.Sprintf("%s[%d]", path, i), inner)
		}
	}
}
