// Package xdsmux lets the gRPC clients and the server of one program share a single xDS stream. gRPC opens one for
// each target that it calls and one for the server, but Istio's agent serves only the last one that was opened
// (istio/istio#53532). So all of them connect to this package, which subscribes for all of them at the agent.
package xdsmux

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// bufferSize is that of the local connections, in bytes: little is sent over them.
const bufferSize = 4 << 10

// Mux serves xDS on a local address with what it gets from upstream.
type Mux struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer

	log      *slog.Logger
	listener net.Listener
	server   *grpc.Server
	upstream *grpc.ClientConn
	stop     context.CancelFunc
	done     chan struct{} // closed when the upstream loop has ended
	wake     chan struct{} // there is something to send upstream

	mu      sync.Mutex
	node    *corev3.Node
	types   map[string]*resources // by type URL
	streams map[*stream]bool
}

// Start listens on a free local port and serves until Close. The upstream is a gRPC target without encryption, as
// the socket of Istio's agent is.
func Start(upstream string, log *slog.Logger) (*Mux, error) {
	connection, err := grpc.NewClient(upstream, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("xDS server %s: %w", upstream, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("listen for xDS: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &Mux{
		log: log, listener: listener, upstream: connection, stop: stop,
		server: grpc.NewServer(grpc.ReadBufferSize(bufferSize), grpc.WriteBufferSize(bufferSize)),
		done:   make(chan struct{}), wake: make(chan struct{}, 1),
		types: map[string]*resources{}, streams: map[*stream]bool{},
	}
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(m.server, m)
	go func() { _ = m.server.Serve(listener) }() // ends with Close
	go m.followUpstream(ctx)
	return m, nil
}

// Address is where the program's xDS clients are to connect, a gRPC target.
func (m *Mux) Address() string { return "passthrough:///" + m.listener.Addr().String() }

// Close ends all streams.
func (m *Mux) Close() {
	m.stop()
	m.server.Stop()
	m.upstream.Close()
	<-m.done
}

// StreamAggregatedResources serves one of the program's own xDS clients.
func (m *Mux) StreamAggregatedResources(server discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	s := newStream()
	m.add(s)
	defer m.remove(s)
	failed := make(chan error, 1)
	go func() {
		for {
			request, err := server.Recv()
			if err != nil {
				failed <- err
				return
			}
			m.request(s, request)
		}
	}()
	for {
		select {
		case err := <-failed:
			return err
		case <-s.wake:
		}
		for _, response := range m.settle(s) {
			if err := server.Send(response); err != nil {
				return err
			}
		}
	}
}

func (m *Mux) add(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams[s] = true
}

func (m *Mux) remove(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.streams, s)
	for typeURL := range s.subscriptions {
		m.rewant(typeURL)
	}
}

func (m *Mux) settle(s *stream) []*discoveryv3.DiscoveryResponse {
	m.mu.Lock()
	defer m.mu.Unlock()
	return s.settle(m.types)
}

// request takes over a request of one of the program's own streams.
func (m *Mux) request(s *stream, request *discoveryv3.DiscoveryRequest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.node == nil {
		m.node = request.GetNode() // the same for all streams; the first request has it
	}
	t := m.typed(request.GetTypeUrl())
	if reason := request.GetErrorDetail(); reason != nil {
		m.log.Warn("xDS configuration refused", "type", t.typeURL, "reason", reason.GetMessage())
		t.refused, t.due = reason, true
		poke(m.wake)
	}
	if s.subscribe(request) {
		return
	}
	m.rewant(t.typeURL)
	for name := range s.subscriptions[t.typeURL] {
		if t.known[name] != nil {
			s.owe(t.typeURL)
			break
		}
	}
}

// response takes over a response from upstream and passes it on to the streams that it concerns.
func (m *Mux) response(response *discoveryv3.DiscoveryResponse) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.typed(response.GetTypeUrl())
	changed, err := t.accept(response)
	if err != nil {
		return err
	}
	poke(m.wake)
	for s := range m.streams {
		for name := range s.subscriptions[t.typeURL] {
			if changed[name] {
				s.owe(t.typeURL)
				break
			}
		}
	}
	return nil
}

// rewant adds up what all streams want of a type.
func (m *Mux) rewant(typeURL string) {
	names := map[string]bool{}
	for s := range m.streams {
		for name := range s.subscriptions[typeURL] {
			names[name] = true
		}
	}
	m.typed(typeURL).want(names)
	poke(m.wake)
}

func (m *Mux) typed(typeURL string) *resources {
	t := m.types[typeURL]
	if t == nil {
		t = newResources(typeURL)
		m.types[typeURL] = t
	}
	return t
}
