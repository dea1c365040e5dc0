package registry

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// cluster gives access to the resources of a cluster by their kind.
type cluster struct {
	discovery discovery.DiscoveryInterface
	dynamic   dynamic.Interface
}

func newCluster(config *rest.Config) (*cluster, error) {
	server, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &cluster{server, client}, nil
}

// served is a kind as a cluster serves it.
type served struct {
	resource   dynamic.NamespaceableResourceInterface
	namespaced bool
	hasStatus  bool // the status is written apart from the rest
}

// in are the kind's objects of a namespace, or those of the cluster.
func (s served) in(namespace string) dynamic.ResourceInterface {
	if s.namespaced {
		return s.resource.Namespace(namespace)
	}
	return s.resource
}

// find asks the cluster how it serves a kind.
func (c *cluster) find(ctx context.Context, kind schema.GroupVersionKind) (served, error) {
	path := "/apis/" + kind.GroupVersion().String()
	if kind.Group == "" {
		path = "/api/" + kind.Version
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var list metav1.APIResourceList
	if err := c.discovery.RESTClient().Get().AbsPath(path).Do(ctx).Into(&list); err != nil {
		return served{}, fmt.Errorf("find kind %s: %w", kind.Kind, err)
	}
	var found served
	plural := ""
	for _, resource := range list.APIResources {
		if resource.Kind != kind.Kind {
			continue
		}
		if name, sub, _ := strings.Cut(resource.Name, "/"); sub == "" {
			plural, found.namespaced = name, resource.Namespaced
		} else if sub == "status" {
			found.hasStatus = true
		}
	}
	if plural == "" {
		return served{}, fmt.Errorf("the cluster serves no kind %s of %s", kind.Kind, kind.GroupVersion())
	}
	found.resource = c.dynamic.Resource(kind.GroupVersion().WithResource(plural))
	return found, nil
}
