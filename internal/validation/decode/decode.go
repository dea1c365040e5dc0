package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/meshmanager/smm/internal/validation"
)

// envelope is what all objects have.
type envelope struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   metadata        `json:"metadata"`
	Spec       json.RawMessage `json:"spec"`
	Status     json.RawMessage `json:"status"`
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Version     string            `json:"resourceVersion"`
	Generation  int64             `json:"generation"`
	Created     time.Time         `json:"creationTimestamp"`
}

// Object decodes one object of the schema's kind.
func (s *Schema) Object(cluster string, raw []byte) (*validation.Object, error) {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return s.object(cluster, e, raw)
}

func (s *Schema) object(cluster string, e envelope, raw []byte) (*validation.Object, error) {
	spec, status, err := s.decode(e, raw)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Name, e.Metadata.Name, err)
	}
	o := &validation.Object{
		ID:     validation.ID{Cluster: cluster, Kind: s.Kind, Namespace: e.Metadata.Namespace, Name: e.Metadata.Name},
		Labels: e.Metadata.Labels, Annotations: e.Metadata.Annotations,
		Created: e.Metadata.Created, Version: e.Metadata.Version, Generation: e.Metadata.Generation,
		Spec: spec, Status: status,
	}
	if !s.Namespaced {
		o.Namespace = ""
	}
	delete(o.Annotations, "kubectl.kubernetes.io/last-applied-configuration")
	return o, nil
}

// spec decodes specification and status into the types given.
func spec[Spec, Status any](e envelope, _ []byte) (any, any, error) {
	decoded := new(Spec)
	if present(e.Spec) {
		if err := unmarshal(e.Spec, decoded); err != nil {
			return nil, nil, fmt.Errorf("spec: %w", err)
		}
	}
	if !present(e.Status) {
		return decoded, nil, nil
	}
	status := new(Status)
	if unmarshal(e.Status, status) != nil {
		return decoded, nil, nil //nolint:nilerr // a status of another version says nothing about the configuration
	}
	return decoded, status, nil
}

// unmarshal decodes JSON. Istio's own decoder of its messages takes eight times as long as that of protobuf: it is for
// what the latter refuses, which are fields of other versions and mistakes that it has to explain.
func unmarshal(raw []byte, into any) error {
	if message, ok := into.(proto.Message); ok {
		if protojson.Unmarshal(raw, message) == nil {
			return nil
		}
		proto.Reset(message)
	}
	return json.Unmarshal(raw, into)
}

// bare decodes nothing: metadata is all that checks read.
func bare[Spec any](envelope, []byte) (any, any, error) { return new(Spec), nil, nil }

// whole decodes an object that has no specification, and drops what checks do not read.
func whole[T any](trim func(*T)) decoder {
	return func(_ envelope, raw []byte) (any, any, error) {
		decoded := new(T)
		if err := json.Unmarshal(raw, decoded); err != nil {
			return nil, nil, err
		}
		trim(decoded)
		return decoded, nil, nil
	}
}

func keep[T any](*T) {}

func present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}
