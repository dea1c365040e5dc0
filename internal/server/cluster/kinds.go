package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// Kind is a kind of resource that users list and edit.
type Kind struct {
	schema.GroupVersionKind
	// Resource is the plural name in the API's paths.
	Resource   string
	Namespaced bool
}

// Key names the kind as in an ID: virtualservice.networking.istio.io.
func (k Kind) Key() string { return strings.ToLower(k.Kind) + "." + k.Group }

// GVR names the resource in the API's paths.
func (k Kind) GVR() schema.GroupVersionResource {
	return k.GroupVersion().WithResource(k.Resource)
}

// Editable tells whether the kinds of an API group configure the mesh: those of Istio, of the Gateway API, and the product's.
func Editable(group string) bool {
	switch group {
	case "networking.istio.io", "security.istio.io", "telemetry.istio.io", "extensions.istio.io", "gateway.networking.k8s.io",
		"servicemesh.cisco.com", "smm.cisco.com":
		return true
	}
	return false
}

// Kinds are the kinds that configure the mesh and that the cluster serves, in the version that it prefers.
func (c *Cluster) Kinds() ([]Kind, error) {
	lists, err := c.discovery.ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // one group that is down hides no other
		return nil, fmt.Errorf("ask cluster %s for its kinds: %w", c.Name, err)
	}
	var kinds []Kind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil || !Editable(version.Group) {
			continue
		}
		for _, resource := range list.APIResources {
			if listable(resource) {
				kinds = append(kinds, Kind{version.WithKind(resource.Kind), resource.Name, resource.Namespaced})
			}
		}
	}
	slices.SortFunc(kinds, func(a, b Kind) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group)) })
	return kinds, nil
}

func listable(resource metav1.APIResource) bool {
	return slices.Contains(resource.Verbs, "list") && !strings.Contains(resource.Name, "/")
}

// KindOf finds a kind by its key, and looks anew when it is not known: a custom resource may have come meanwhile.
func (c *Cluster) KindOf(key string) (Kind, error) {
	for range 2 {
		kinds, err := c.Kinds()
		if err != nil {
			return Kind{}, err
		}
		for _, kind := range kinds {
			if kind.Key() == key {
				return kind, nil
			}
		}
		c.discovery.Invalidate()
	}
	return Kind{}, fmt.Errorf("cluster %s has no kind %s that can be edited here", c.Name, key)
}
