// Package live reads clusters for validation: what checks read and nothing else. It lists, and writes nothing.
package live

import (
	"context"
	"encoding/json"
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

const (
	pageSize   = "500" // objects of one answer
	concurrent = 8     // requests at a time to one API server
)

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
			group.Go(func() error { return r.list(groupCtx, &schema, path(&schema, ""), nil) })
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

// list reads all pages of a list. keep chooses objects before they are decoded; nil keeps all.
func (r *reader) list(ctx context.Context, s *decode.Schema, path string, keep func(name string) bool, parameters ...string) error {
	next := ""
	for {
		request := r.rest.Get().AbsPath(path).Param("limit", pageSize)
		for i := 0; i+1 < len(parameters); i += 2 {
			request.Param(parameters[i], parameters[i+1])
		}
		if next != "" {
			request.Param("continue", next)
		}
		raw, err := request.Do(ctx).Raw()
		switch {
		case apierrors.IsNotFound(err): // the cluster does not have the kind
			r.know(s.Kind)
			return nil
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			r.note("you may not list %s in cluster %s: what depends on them is not checked", s.Resource.Resource, r.cluster)
			return nil
		case apierrors.IsResourceExpired(err) && next != "":
			next = "" // the list took too long: once more
			continue
		case err != nil:
			return fmt.Errorf("list %s: %w", s.Resource.Resource, err)
		}
		if next, err = r.page(s, raw, keep); err != nil {
			return err
		}
		if next == "" {
			r.know(s.Kind)
			return nil
		}
	}
}

func (r *reader) page(s *decode.Schema, raw []byte, keep func(string) bool) (next string, err error) {
	var list struct {
		Metadata struct {
			Continue string `json:"continue"`
		} `json:"metadata"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return "", fmt.Errorf("list %s: %w", s.Resource.Resource, err)
	}
	objects := make([]*validation.Object, 0, len(list.Items))
	for _, item := range list.Items {
		if keep != nil && !keep(nameOf(item)) {
			continue
		}
		o, err := s.Object(r.cluster, item)
		if err != nil {
			r.note("one object of cluster %s cannot be read and is not checked: %v", r.cluster, err)
			continue
		}
		objects = append(objects, o)
	}
	r.add(objects)
	return list.Metadata.Continue, nil
}

func nameOf(item []byte) string {
	var named struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if json.Unmarshal(item, &named) != nil {
		return ""
	}
	return named.Metadata.Name
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
