package live

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

// pageSize is the number of objects of one answer.
const pageSize = "500"

// listing is objects of one kind that can be listed, and watched.
type listing struct {
	schema *decode.Schema
	path   string
	// keep chooses objects by name before they are decoded; nil keeps all.
	keep func(name string) bool
	// parameters are further ones of the request, names and values in turn.
	parameters []string
}

// key tells one listing from all others.
func (l listing) key() string { return fmt.Sprint(l.path, l.parameters) }

// read is what a listing held at a resource version.
type read struct {
	objects    []*validation.Object
	version    string
	unreadable []string // what to tell users of objects that could not be decoded
}

// read reads all pages.
func (l listing) read(ctx context.Context, client rest.Interface, cluster string) (read, error) {
	var all read
	next := ""
	for {
		request := l.request(client).Param("limit", pageSize)
		if next != "" {
			request.Param("continue", next)
		}
		raw, err := request.Do(ctx).Raw()
		switch {
		case apierrors.IsResourceExpired(err) && next != "":
			all, next = read{}, "" // the list took too long: once more
			continue
		case err != nil:
			return read{}, fmt.Errorf("list %s: %w", l.schema.Resource.Resource, err)
		}
		if next, err = l.page(&all, raw, cluster); err != nil {
			return read{}, err
		}
		if next == "" {
			return all, nil
		}
	}
}

func (l listing) request(client rest.Interface) *rest.Request {
	request := client.Get().AbsPath(l.path)
	for i := 0; i+1 < len(l.parameters); i += 2 {
		request.Param(l.parameters[i], l.parameters[i+1])
	}
	return request
}

func (l listing) page(all *read, raw []byte, cluster string) (next string, err error) {
	var list struct {
		Metadata struct {
			Continue        string `json:"continue"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return "", fmt.Errorf("list %s: %w", l.schema.Resource.Resource, err)
	}
	for _, item := range list.Items {
		if l.keep != nil && !l.keep(nameOf(item)) {
			continue
		}
		o, err := l.schema.Object(cluster, item)
		if err != nil {
			all.unreadable = append(all.unreadable, unreadable(cluster, err))
			continue
		}
		all.objects = append(all.objects, o)
	}
	all.version = list.Metadata.ResourceVersion
	return list.Metadata.Continue, nil
}

func unreadable(cluster string, err error) string {
	return fmt.Sprintf("one object of cluster %s cannot be read and is not checked: %v", cluster, err)
}

func forbidden(l listing, cluster string) string {
	return fmt.Sprintf("you may not list %s in cluster %s: what depends on them is not checked", l.schema.Resource.Resource, cluster)
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
