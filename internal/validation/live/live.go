// Package live reads clusters for validation: what checks read and nothing else. It lists, and writes nothing.
package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// concurrent bounds the requests at a time to one API server.
const concurrent = 8

// Cluster is a cluster that is read.
type Cluster struct {
	Name   string
	Config *rest.Config
}

// Result is what was read of one cluster.
type Result struct {
	Change validation.Change
	// Notes tell what could not be read, and what that means for the findings.
	Notes []string
}

// Read lists the kinds given of a cluster. Kinds that the cluster does not have count as known and empty; kinds that
// the user may not list are told in the notes. Any other error ends the reading.
func Read(ctx context.Context, cluster Cluster, kinds []validation.Kind) (Result, error) {
	client, err := discovery.NewDiscoveryClientForConfig(cluster.Config)
	if err != nil {
		return Result{}, err
	}
	r := &reader{cluster: cluster.Name, rest: client.RESTClient()}
	r.result.Change.Know = map[string][]validation.Kind{}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(concurrent)
	for _, schema := range decode.Schemas() {
		if slices.Contains(kinds, schema.Kind) && listed(schema.Kind) {
			group.Go(func() error { return r.list(groupCtx, listing{schema: &schema, path: path(&schema, "")}) })
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	if err := r.settings(ctx); err != nil {
		return Result{}, fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	slices.Sort(r.result.Notes)
	return r.result, nil
}

// listed tells whether all objects of a kind are read. Of ConfigMaps and Secrets a few are: see settings.
func listed(kind validation.Kind) bool {
	return kind != validation.ConfigMap && kind != validation.Secret
}

type reader struct {
	cluster string
	rest    rest.Interface
	mu      sync.Mutex
	result  Result
}

func (r *reader) add(objects []*validation.Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Change.Set = append(r.result.Change.Set, objects...)
}

func (r *reader) know(kind validation.Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Change.Know[r.cluster] = append(r.result.Change.Know[r.cluster], kind)
}

func (r *reader) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Notes = append(r.result.Notes, fmt.Sprintf(format, args...))
}

// path is the API path of a resource, in all namespaces or in one.
func path(s *decode.Schema, namespace string) string {
	base := "/apis/" + s.Resource.Group + "/" + s.Resource.Version
	if s.Resource.Group == "" {
		base = "/api/" + s.Resource.Version
	}
	if namespace != "" {
		base += "/namespaces/" + namespace
	}
	return base + "/" + s.Resource.Resource
}

// list reads all objects of a listing.
func (r *reader) list(ctx context.Context, l listing) error {
	read, err := l.read(ctx, r.rest, r.cluster)
	switch {
	case apierrors.IsNotFound(err): // the cluster does not have the kind
		r.know(l.schema.Kind)
		return nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		r.note("%s", forbidden(l, r.cluster))
		return nil
	case err != nil:
		return err
	}
	for _, problem := range read.unreadable {
		r.note("%s", problem)
	}
	r.add(read.objects)
	r.know(l.schema.Kind)
	return nil
}

// get reads one object; one that is not there is no error.
func (r *reader) get(ctx context.Context, s *decode.Schema, namespace, name string) error {
	raw, err := r.rest.Get().AbsPath(path(s, namespace) + "/" + name).Do(ctx).Raw()
	if err != nil {
		return err
	}
	o, err := s.Object(r.cluster, raw)
	if err == nil {
		r.add([]*validation.Object{o})
	}
	return err
}

// schemaOf returns the schema of a kind.
func schemaOf(kind validation.Kind) (*decode.Schema, error) {
	for _, s := range decode.Schemas() {
		if s.Kind == kind {
			return &s, nil
		}
	}
	return nil, errors.New("kind " + string(kind) + " has no schema")
}

func isIstioSetting(name string) bool { return strings.HasPrefix(name, "istio") }
