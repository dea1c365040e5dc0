package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshmanager/smm/internal/validation"
)

// Decoder decodes documents of any kind.
type Decoder struct {
	schemas map[schema.GroupKind]*Schema
}

// Document is what one document holds.
type Document struct {
	Objects []*validation.Object
	// Skipped are the kinds of objects that no check reads; "" for what is no Kubernetes object.
	Skipped []string
}

// NewDecoder returns a decoder of all kinds that checks read.
func NewDecoder() *Decoder {
	d := &Decoder{schemas: map[schema.GroupKind]*Schema{}}
	schemas := Schemas()
	for i := range schemas {
		s := &schemas[i]
		d.schemas[schema.GroupKind{Group: s.Resource.Group, Kind: s.Name}] = s
	}
	return d
}

// Document decodes an object or a list of objects. Objects without namespace are put into the one given. The error
// tells of all objects that could not be decoded; the others are returned with it.
func (d *Decoder) Document(cluster, namespace string, raw []byte) (Document, error) {
	var document Document
	err := d.add(&document, cluster, namespace, raw)
	return document, err
}

func (d *Decoder) add(document *Document, cluster, namespace string, raw []byte) error {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("not a Kubernetes object: %w", err)
	}
	if e.Kind == "" || e.APIVersion == "" {
		document.Skipped = append(document.Skipped, "")
		return nil
	}
	group, _, found := strings.Cut(e.APIVersion, "/")
	if !found {
		group = ""
	}
	if s := d.schemas[schema.GroupKind{Group: group, Kind: e.Kind}]; s != nil {
		o, err := s.object(cluster, e, raw)
		if err != nil {
			return err
		}
		if o.Name == "" {
			return fmt.Errorf("%s has no metadata.name", e.Kind)
		}
		if s.Namespaced && o.Namespace == "" {
			o.Namespace = namespace
		}
		document.Objects = append(document.Objects, o)
		return nil
	}
	if strings.HasSuffix(e.Kind, "List") {
		return d.addList(document, cluster, namespace, raw)
	}
	document.Skipped = append(document.Skipped, e.Kind)
	return nil
}

func (d *Decoder) addList(document *Document, cluster, namespace string, raw []byte) error {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	var errs []error
	for _, item := range list.Items {
		errs = append(errs, d.add(document, cluster, namespace, item))
	}
	return errors.Join(errs...)
}
