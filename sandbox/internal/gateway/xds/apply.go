package xds

import (
	"fmt"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

// The types of resources, in the order in which they are asked for.
const (
	typeCluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	typeEndpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeRoute    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

func types() []string { return []string{typeCluster, typeEndpoint, typeListener, typeRoute} }

// Applier puts configuration into effect. An error refuses it. Clusters and listeners are always complete; endpoints
// and routes are those that changed.
type Applier interface {
	// SetClusters returns the names of the resources that have the clusters' endpoints.
	SetClusters([]*clusterv3.Cluster) (endpoints []string, err error)
	SetEndpoints([]*endpointv3.ClusterLoadAssignment) error
	// SetListeners returns the names of the routes that the listeners refer to.
	SetListeners([]*listenerv3.Listener) (routes []string, err error)
	SetRoutes([]*routev3.RouteConfiguration) error
}

// applier is an Applier that takes responses.
type applier struct{ Applier }

func (a applier) apply(response *discoveryv3.DiscoveryResponse) (references []string, err error) {
	switch response.GetTypeUrl() {
	case typeCluster:
		return applied(response, a.SetClusters)
	case typeEndpoint:
		return applied(response, unreferring(a.SetEndpoints))
	case typeListener:
		return applied(response, a.SetListeners)
	default:
		return applied(response, unreferring(a.SetRoutes))
	}
}

func unreferring[T any](set func([]T) error) func([]T) ([]string, error) {
	return func(resources []T) ([]string, error) { return nil, set(resources) }
}

// applied decodes the resources of a response and sets them. What they refer to is returned sorted, each once; nil if that
// is nothing.
func applied[T any, M interface {
	*T
	proto.Message
}](response *discoveryv3.DiscoveryResponse, set func([]M) ([]string, error),
) ([]string, error) {
	resources := make([]M, 0, len(response.GetResources()))
	for _, resource := range response.GetResources() {
		message := M(new(T))
		if err := resource.UnmarshalTo(message); err != nil {
			return nil, fmt.Errorf("decode a resource: %w", err)
		}
		resources = append(resources, message)
	}
	references, err := set(resources)
	slices.Sort(references)
	return slices.Compact(references), err
}

// isNamed tells whether resources of a type are asked for by name.
func isNamed(typeURL string) bool { return typeURL == typeEndpoint || typeURL == typeRoute }

// referencedBy is the type of the resources that those of a type refer to, "" if there is none.
func referencedBy(typeURL string) string {
	return map[string]string{typeCluster: typeEndpoint, typeListener: typeRoute}[typeURL]
}

func short(typeURL string) string { return typeURL[strings.LastIndex(typeURL, ".")+1:] }

// The outcomes of a response, with Envoy's names.
const (
	succeeded = "update_success"
	rejected  = "update_rejected"
)

// count counts responses where Istio's agent looks to find out whether the gateway has its configuration.
func (c *Client) count(typeURL, outcome string, n int64) {
	switch typeURL {
	case typeCluster:
		c.Stats.Counter("cluster_manager", "", "cds."+outcome).Add(n)
	case typeListener:
		c.Stats.Counter("listener_manager", "", "lds."+outcome).Add(n)
	}
}
