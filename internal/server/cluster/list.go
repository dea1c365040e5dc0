package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/server/session"
)

// chunk is how many objects are asked for at a time.
const chunk = 500

// List lists the objects of a kind that somebody may see: of all namespaces where they may, else of those where they may.
func (c *Cluster) List(ctx context.Context, who session.Someone, kind Kind) ([]unstructured.Unstructured, error) {
	client, err := c.Dynamic(who)
	if err != nil {
		return nil, err
	}
	action := access.Action{Verb: "list", Group: kind.Group, Resource: kind.Resource}
	everywhere, err := c.Allowed(ctx, who, action)
	if err != nil {
		return nil, err
	}
	var namespaces []string
	switch {
	case everywhere:
		namespaces = []string{metav1.NamespaceAll}
	case kind.Namespaced:
		if namespaces, err = c.namespacesFor(ctx, who, action); err != nil {
			return nil, err
		}
	}
	var objects []unstructured.Unstructured
	for _, namespace := range namespaces {
		next := ""
		for {
			list, err := client.Resource(kind.GVR()).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: chunk, Continue: next})
			if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) { // the kind or the right is gone meanwhile
				break
			}
			if err != nil {
				return nil, fmt.Errorf("list %s of cluster %s: %w", kind.Resource, c.Name, err)
			}
			objects = append(objects, list.Items...)
			if next = list.GetContinue(); next == "" {
				break
			}
		}
	}
	return objects, nil
}

func (c *Cluster) namespacesFor(ctx context.Context, who session.Someone, action access.Action) ([]string, error) {
	found, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found.Namespaces))
	for _, namespace := range found.Namespaces {
		names = append(names, namespace.Name)
	}
	return c.Visible(ctx, who, action, names)
}
