package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/inventory"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// ResourceKinds lists the kinds that at least one cluster has.
func (q query) ResourceKinds(ctx context.Context) ([]model.ResourceKind, error) {
	described := []model.ResourceKind{}
	known := map[string]bool{}
	all, err := ofEach(ctx, q.Resolver, nil, func(_ context.Context, c *cluster.Cluster) ([]cluster.Kind, error) { return c.Kinds() })
	if err != nil {
		return nil, err
	}
	for _, kinds := range all {
		for _, kind := range kinds {
			if known[kind.Key()] {
				continue
			}
			known[kind.Key()] = true
			described = append(described, model.ResourceKind{
				Key: kind.Key(), Kind: kind.Kind, Group: kind.Group, Version: kind.Version, Plural: kind.Resource, Namespaced: kind.Namespaced,
			})
		}
	}
	return described, nil
}

// ResourceSchema describes a kind to editors. What a kind looks like is no secret: API servers tell it everybody who is
// signed in.
func (q query) ResourceSchema(ctx context.Context, clusterName, key string) (*string, error) {
	c, _, err := q.asked(ctx, clusterName)
	if err != nil {
		return nil, err
	}
	kind, err := c.KindOf(key)
	if err != nil {
		return nil, err
	}
	text, err := c.Schema(kind)
	if errors.Is(err, cluster.ErrNoSchema) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return optional(string(text)), nil
}

// Resources lists resources, sorted by kind, cluster, namespace and name.
func (q query) Resources(ctx context.Context, kinds []string, filter *model.Filter, first *int, after *string) (*model.ResourcePage, error) {
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	all, err := listOfEach(ctx, q.Resolver, clustersOf(filter), func(ctx context.Context, c *cluster.Cluster) ([]model.Resource, error) {
		var all []model.Resource
		served, err := c.Kinds()
		if err != nil {
			return nil, err
		}
		for _, kind := range served {
			if !matchesAny(kinds, kind.Key()) {
				continue
			}
			objects, err := c.List(ctx, who, kind)
			if err != nil {
				return nil, err
			}
			for i := range objects {
				if !passes(filter, objects[i].GetNamespace(), objects[i].GetName(), nil) {
					continue
				}
				described, err := describeResource(c.Name, kind, &objects[i])
				if err != nil {
					return nil, err
				}
				all = append(all, *described)
			}
		}
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b model.Resource) int { return cmp.Compare(a.ID, b.ID) })
	items, info, err := page(all, first, after)
	if err != nil {
		return nil, err
	}
	return &model.ResourcePage{Items: items, PageInfo: &info, Total: len(all)}, nil
}

// Resource finds one resource, with the user's own rights.
func (q query) Resource(ctx context.Context, id string) (*model.Resource, error) {
	found, kind, err := q.find(ctx, id)
	if err != nil || found == nil {
		return nil, err
	}
	parsed, _ := inventory.ParseID(id) // find has read it
	return describeResource(parsed.Cluster, kind, found)
}

// find reads the object of an ID with the user's own rights; nil when it does not exist.
func (r *Resolver) find(ctx context.Context, id string) (*unstructured.Unstructured, cluster.Kind, error) {
	parsed, c, who, err := r.target(ctx, id)
	if err != nil {
		return nil, cluster.Kind{}, err
	}
	kind, err := c.KindOf(parsed.Kind + "." + parsed.Group)
	if err != nil {
		return nil, cluster.Kind{}, err
	}
	client, err := c.Dynamic(who)
	if err != nil {
		return nil, cluster.Kind{}, err
	}
	object, err := client.Resource(kind.GVR()).Namespace(parsed.Namespace).Get(ctx, parsed.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, kind, nil
	}
	if err != nil {
		return nil, kind, fmt.Errorf("read %s: %w", id, err)
	}
	return object, kind, nil
}

func describeResource(clusterName string, kind cluster.Kind, object *unstructured.Unstructured) (*model.Resource, error) {
	text, err := printable(object)
	if err != nil {
		return nil, err
	}
	return &model.Resource{
		ID: inventory.ID{
			Kind: kind.Kind, Group: kind.Group, Cluster: clusterName, Namespace: object.GetNamespace(), Name: object.GetName(),
		}.String(),
		Cluster: clusterName, Namespace: optional(object.GetNamespace()), Name: object.GetName(), Kind: kind.Kind, Group: kind.Group,
		Plural: kind.Resource, ResourceVersion: object.GetResourceVersion(), Created: stamp(object.GetCreationTimestamp().Time), Yaml: text,
	}, nil
}

// printable is an object as a person would write it, without what only the API server writes.
func printable(object *unstructured.Unstructured) (string, error) {
	clean := object.DeepCopy()
	clean.SetManagedFields(nil)
	for _, field := range []string{"resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
		unstructured.RemoveNestedField(clean.Object, "metadata", field)
	}
	text, err := yaml.Marshal(clean.Object)
	if err != nil {
		return "", fmt.Errorf("print %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return string(text), nil
}
