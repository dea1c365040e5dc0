package xdsmux

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
)

// The types of resources whose responses are complete: what is missing in one does not exist.
const (
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeCluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
)

// resources is what is known of one type of resource.
type resources struct {
	typeURL string
	known   map[string]*anypb.Any // by name
	wanted  []string              // names that some stream subscribes to, sorted

	version, nonce string         // of the last response from upstream
	refused        *status.Status // why a stream refused it, until upstream is told
	due            bool           // upstream is to be sent a request
}

// accept takes over a response and returns the names of the resources that it changed.
func (r *resources) accept(response *discoveryv3.DiscoveryResponse) (changed map[string]bool, err error) {
	received := make(map[string]*anypb.Any, len(response.GetResources()))
	for _, resource := range response.GetResources() {
		name, err := nameOf(resource)
		if err != nil {
			return nil, err
		}
		if r.typeURL == typeCluster {
			if resource, err = named(resource); err != nil {
				return nil, err
			}
		}
		received[name] = resource
	}
	changed = map[string]bool{}
	for name, resource := range received {
		if old := r.known[name]; old == nil || !bytes.Equal(old.GetValue(), resource.GetValue()) {
			changed[name] = true
		}
	}
	complete := r.typeURL == typeListener || r.typeURL == typeCluster
	for name := range r.known {
		if received[name] == nil && complete {
			changed[name] = true
			delete(r.known, name)
		}
	}
	maps.Copy(r.known, received)
	r.version, r.nonce, r.due = response.GetVersionInfo(), response.GetNonce(), true
	return changed, nil
}

// want sets the names that are subscribed to. What nobody wants any more is forgotten, but upstream keeps the last
// subscription: an empty one would mean all resources there are.
func (r *resources) want(names map[string]bool) {
	maps.DeleteFunc(r.known, func(name string, _ *anypb.Any) bool { return !names[name] })
	sorted := slices.Sorted(maps.Keys(names))
	if len(sorted) > 0 && !slices.Equal(sorted, r.wanted) {
		r.wanted, r.due = sorted, true
	}
}

// nameOf reads the name of a resource: the first field of all that gRPC asks for.
func nameOf(resource *anypb.Any) (string, error) {
	for rest := resource.GetValue(); len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return "", fmt.Errorf("resource of type %s: %w", resource.GetTypeUrl(), protowire.ParseError(n))
		}
		rest = rest[n:]
		if number == 1 && kind == protowire.BytesType {
			name, n := protowire.ConsumeBytes(rest)
			return string(name), protowire.ParseError(n)
		}
		if n = protowire.ConsumeFieldValue(number, kind, rest); n < 0 {
			return "", fmt.Errorf("resource of type %s: %w", resource.GetTypeUrl(), protowire.ParseError(n))
		}
		rest = rest[n:]
	}
	return "", fmt.Errorf("resource of type %s has no name", resource.GetTypeUrl())
}

func newResources(typeURL string) *resources {
	return &resources{typeURL: typeURL, known: map[string]*anypb.Any{}}
}
