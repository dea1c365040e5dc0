package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// discovery plays istiod: it sends what a test sets, to one stream.
type discovery struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer

	t      *testing.T
	target string
	wake   chan struct{}

	mu        sync.Mutex
	resources map[string][]*anypb.Any
	due       map[string]bool // set and not sent
	asked     map[string]*discoveryv3.DiscoveryRequest
	refusals  map[string]string
	sent      int
}

func startDiscovery(t *testing.T) *discovery {
	t.Helper()
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &discovery{
		t: t, target: "passthrough:///" + socket.Addr().String(), wake: make(chan struct{}, 1),
		resources: map[string][]*anypb.Any{}, due: map[string]bool{}, asked: map[string]*discoveryv3.DiscoveryRequest{}, refusals: map[string]string{},
	}
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, d)
	go func() { _ = server.Serve(socket) }() // ends with Stop
	t.Cleanup(server.Stop)
	return d
}

func (d *discovery) set(typeURL string, resources ...proto.Message) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resources[typeURL], d.due[typeURL] = nil, true
	for _, resource := range resources {
		packed, err := anypb.New(resource)
		if err != nil {
			d.t.Fatal(err)
		}
		d.resources[typeURL] = append(d.resources[typeURL], packed)
	}
	d.poke()
}

func (d *discovery) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// StreamAggregatedResources sends a type of resource once it is asked for.
func (d *discovery) StreamAggregatedResources(s discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	failed := make(chan error, 1)
	go func() {
		for {
			request, err := s.Recv()
			if err != nil {
				failed <- err
				return
			}
			d.ask(request)
		}
	}()
	for {
		select {
		case err := <-failed:
			return err
		case <-d.wake:
		}
		for _, response := range d.responses() {
			if err := s.Send(response); err != nil {
				return err
			}
		}
	}
}

func (d *discovery) ask(request *discoveryv3.DiscoveryRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[request.GetTypeUrl()] = request
	if detail := request.GetErrorDetail(); detail != nil {
		d.refusals[request.GetTypeUrl()] = detail.GetMessage()
	}
	d.poke()
}

func (d *discovery) responses() []*discoveryv3.DiscoveryResponse {
	d.mu.Lock()
	defer d.mu.Unlock()
	var responses []*discoveryv3.DiscoveryResponse
	for typeURL, due := range d.due {
		if !due || d.asked[typeURL] == nil {
			continue
		}
		d.due[typeURL] = false
		d.sent++
		version := fmt.Sprint(d.sent)
		responses = append(responses, &discoveryv3.DiscoveryResponse{TypeUrl: typeURL, VersionInfo: version, Nonce: version, Resources: d.resources[typeURL]})
	}
	return responses
}

// acknowledged tells whether all that was set of a type is in effect.
func (d *discovery) acknowledged(typeURL string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := d.asked[typeURL]
	return !d.due[typeURL] && last.GetVersionInfo() != "" && last.GetVersionInfo() == last.GetResponseNonce()
}

func (d *discovery) refused(typeURL string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refusals[typeURL]
}

// serveTLS answers each TLS connection with a text.
func serveTLS(t *testing.T, text string) (address string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
		NextProtos:   []string{"istio", "h2", "http/1.1"}, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		for {
			connection, err := socket.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_, _ = connection.Write([]byte(text)) // a client that fails sees that itself
			}()
		}
	}()
	return socket.Addr().String()
}

// serveHTTP answers requests with a text, their URI and who they are from.
func serveHTTP(t *testing.T, text string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		fmt.Fprint(w, text, " ", request.RequestURI, " ", request.Header.Get("X-Forwarded-For"))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
