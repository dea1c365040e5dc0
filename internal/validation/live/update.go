package live

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"google.golang.org/protobuf/proto"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/meshmanager/smm/internal/validation"
)

// replace notes all that a stream holds.
func (f *Follower) replace(s *stream, all read) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.stopped {
		return
	}
	gone := maps.Clone(s.holds)
	for _, o := range all.objects {
		delete(gone, o.ID)
		s.holds[o.ID] = true
		f.set(o.ID, o)
	}
	for id := range gone {
		delete(s.holds, id)
		f.set(id, nil)
	}
	s.notes = all.unreadable
	s.answered = true
	f.defined(s)
	f.signal()
}

// happened notes one event of a stream and returns the version that it tells.
func (f *Follower) happened(s *stream, e event) (version string) {
	var named envelope
	if json.Unmarshal(e.Object, &named) != nil || e.Type == "BOOKMARK" {
		return named.Metadata.ResourceVersion
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.stopped || s.keep != nil && !s.keep(named.Metadata.Name) {
		return named.Metadata.ResourceVersion
	}
	o, err := s.schema.Object(f.cluster, e.Object)
	id := validation.ID{Cluster: f.cluster, Kind: s.schema.Kind, Namespace: named.Metadata.Namespace, Name: named.Metadata.Name}
	switch {
	case e.Type == "DELETED":
		delete(s.holds, id)
		f.set(id, nil)
	case err != nil:
		s.notes = append(s.notes[:min(len(s.notes), maxNotes)], unreadable(f.cluster, err))
		delete(s.holds, id)
		f.set(id, nil)
	default:
		s.holds[id] = true
		f.set(id, o)
	}
	f.defined(s)
	return named.Metadata.ResourceVersion
}

// maxNotes bounds what is told of one stream.
const maxNotes = 20

type envelope struct {
	Metadata struct {
		Name            string `json:"name"`
		Namespace       string `json:"namespace"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

// told notes why a stream does not go on. A kind that does not exist is nothing to tell.
func (f *Follower) told(s *stream, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case apierrors.IsNotFound(err):
		s.notes = nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		s.notes = []string{forbidden(s.listing, f.cluster)}
	default:
		s.notes = []string{fmt.Sprintf("cluster %s does not answer, what it had last is checked: %v", f.cluster, err)}
	}
	f.signal()
}

// defined has streams of kinds that did not exist look again when a definition has changed. The caller holds the lock.
func (f *Follower) defined(s *stream) {
	if s.schema.Kind == validation.CustomResourceDefinition {
		close(f.definitions)
		f.definitions = make(chan struct{})
	}
}

// awaitDefinitions returns a channel that is closed when a definition changes from now on.
func (f *Follower) awaitDefinitions() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.definitions
}

// same tells whether two states of an object are one for every check.
func same(a, b *validation.Object) bool {
	return maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) && a.Generation == b.Generation &&
		a.Created.Equal(b.Created) && equal(a.Spec, b.Spec) && equal(a.Status, b.Status)
}

func equal(a, b any) bool {
	if one, ok := a.(proto.Message); ok {
		other, ok := b.(proto.Message)
		return ok && proto.Equal(one, other)
	}
	return reflect.DeepEqual(a, b)
}
