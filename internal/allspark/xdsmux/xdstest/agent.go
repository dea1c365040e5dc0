// Package xdstest stands in for Istio's agent and control plane in tests: an xDS server with given resources that,
// like the agent, serves only the stream that was opened last.
package xdstest

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Agent is a running server.
type Agent struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer

	address string

	mu        sync.Mutex
	generate  func(name string) proto.Message // resources that are not set, or nil
	resources map[string]map[string]*anypb.Any
	current   *connection
	opened    int
	requests  []*discoveryv3.DiscoveryRequest
}

type connection struct {
	cancel context.CancelFunc
	wake   chan struct{}
	names  map[string][]string
	due    map[string]bool
	nonce  int
}

// Start serves until the test ends. generate, if not nil, makes resources by name that were not set; it returns nil
// for those that do not exist.
func Start(t *testing.T, generate func(name string) proto.Message) *Agent {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{address: listener.Addr().String(), generate: generate, resources: map[string]map[string]*anypb.Any{}}
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, a)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return a
}

// Target is the server's address as a gRPC target.
func (a *Agent) Target() string { return "passthrough:///" + a.address }

// Set adds or replaces a resource, or removes it when it is nil, and tells the stream.
func (a *Agent) Set(t *testing.T, typeURL, name string, resource proto.Message) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resources[typeURL] == nil {
		a.resources[typeURL] = map[string]*anypb.Any{}
	}
	delete(a.resources[typeURL], name)
	if resource != nil {
		packed, err := anypb.New(resource)
		if err != nil {
			t.Fatal(err)
		}
		a.resources[typeURL][name] = packed
	}
	if a.current != nil {
		a.current.owe(typeURL)
	}
}

// Opened is the number of streams that were opened so far.
func (a *Agent) Opened() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.opened
}

// Requests are all requests so far.
func (a *Agent) Requests() []*discoveryv3.DiscoveryRequest {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.requests)
}

// Break ends the current stream.
func (a *Agent) Break() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current != nil {
		a.current.cancel()
		a.current = nil
	}
}

// StreamAggregatedResources serves a stream and ends the one before.
func (a *Agent) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	c := &connection{cancel: cancel, wake: make(chan struct{}, 1), names: map[string][]string{}, due: map[string]bool{}}
	a.Break()
	a.mu.Lock()
	a.current = c
	a.opened++
	a.mu.Unlock()
	go func() {
		defer cancel()
		for {
			request, err := stream.Recv()
			if err != nil {
				return
			}
			a.request(c, request)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil // the client sees the end of the stream
		case <-c.wake:
		}
		for _, response := range a.responses(c) {
			if err := stream.Send(response); err != nil {
				return err
			}
		}
	}
}

func (c *connection) owe(typeURL string) {
	c.due[typeURL] = true
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (a *Agent) request(c *connection, request *discoveryv3.DiscoveryRequest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, request)
	if !slices.Equal(c.names[request.GetTypeUrl()], request.GetResourceNames()) {
		c.names[request.GetTypeUrl()] = request.GetResourceNames()
		c.owe(request.GetTypeUrl())
	}
}

func (a *Agent) responses(c *connection) []*discoveryv3.DiscoveryResponse {
	a.mu.Lock()
	defer a.mu.Unlock()
	var responses []*discoveryv3.DiscoveryResponse
	for typeURL := range c.due {
		c.nonce++
		number := strconv.Itoa(c.nonce)
		response := &discoveryv3.DiscoveryResponse{TypeUrl: typeURL, VersionInfo: number, Nonce: number}
		for _, name := range c.names[typeURL] {
			if resource := a.lookup(typeURL, name); resource != nil {
				response.Resources = append(response.Resources, resource)
			}
		}
		responses = append(responses, response)
	}
	clear(c.due)
	return responses
}

func (a *Agent) lookup(typeURL, name string) *anypb.Any {
	if resource := a.resources[typeURL][name]; resource != nil || a.generate == nil {
		return resource
	}
	generated := a.generate(name)
	if generated == nil {
		return nil
	}
	packed, err := anypb.New(generated)
	if err != nil || packed.GetTypeUrl() != typeURL {
		return nil
	}
	return packed
}
