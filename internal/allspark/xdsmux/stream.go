package xdsmux

import (
	"maps"
	"slices"
	"strconv"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// stream is one of the program's own xDS streams.
type stream struct {
	subscriptions map[string]map[string]bool // names by type
	due           map[string]bool            // types of which it is to get a response
	wake          chan struct{}
	responses     int
}

func newStream() *stream {
	return &stream{subscriptions: map[string]map[string]bool{}, due: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// subscribe takes over the names of a request; same is true when they are those of the last one, as in an ACK.
func (s *stream) subscribe(request *discoveryv3.DiscoveryRequest) (same bool) {
	names := map[string]bool{}
	for _, name := range request.GetResourceNames() {
		names[name] = true
	}
	if maps.Equal(names, s.subscriptions[request.GetTypeUrl()]) {
		return true
	}
	s.subscriptions[request.GetTypeUrl()] = names
	return false
}

// owe notes that the stream is to get a response with resources of a type.
func (s *stream) owe(typeURL string) {
	s.due[typeURL] = true
	poke(s.wake)
}

// settle returns the responses that are due.
func (s *stream) settle(types map[string]*resources) []*discoveryv3.DiscoveryResponse {
	var responses []*discoveryv3.DiscoveryResponse
	for _, typeURL := range slices.Sorted(maps.Keys(s.due)) {
		s.responses++
		number := strconv.Itoa(s.responses)
		response := &discoveryv3.DiscoveryResponse{TypeUrl: typeURL, VersionInfo: number, Nonce: number}
		for _, name := range slices.Sorted(maps.Keys(s.subscriptions[typeURL])) {
			if resource := types[typeURL].known[name]; resource != nil {
				response.Resources = append(response.Resources, anyOf(resource))
			}
		}
		responses = append(responses, response)
	}
	clear(s.due)
	return responses
}

// anyOf is a resource that can be sent on several streams at the same time.
func anyOf(resource *anypb.Any) *anypb.Any {
	return &anypb.Any{TypeUrl: resource.GetTypeUrl(), Value: resource.GetValue()}
}

// poke wakes who waits on the channel, now or the next time.
func poke(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
