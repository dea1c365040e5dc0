// Package podforward reaches ports of pods through the API server, as kubectl port-forward does: it works from anywhere the
// API server can be reached from, and what the pod serves need not be open to its network.
package podforward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // client-go forwards ports by these types
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Tunnel leads to the ports of one pod. It connects when it is used, and again when the connection was lost.
type Tunnel struct {
	dialer  httpstream.Dialer
	pod     string
	request atomic.Int64

	mu         sync.Mutex
	connection httpstream.Connection
}

// New returns a Tunnel to a pod, with the configuration's rights. Close ends it.
func New(config *rest.Config, namespace, pod string) (*Tunnel, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	modern, err := portforward.NewSPDYOverWebsocketDialer(url, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	old := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	return &Tunnel{pod: namespace + "/" + pod, dialer: portforward.NewFallbackDialer(modern, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})}, nil
}

// Close ends the tunnel and all connections through it.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.connection == nil {
		return nil
	}
	return t.connection.Close()
}

// Dial connects to a port of the pod.
func (t *Tunnel) Dial(ctx context.Context, port int) (net.Conn, error) {
	type result struct {
		stream *stream
		err    error
	}
	done := make(chan result, 1)
	go func() {
		s, err := t.open(port)
		done <- result{s, err}
	}()
	select {
	case <-ctx.Done():
		go func() { // what was asked for may come yet
			if r := <-done; r.err == nil {
				r.stream.Close()
			}
		}()
		return nil, context.Cause(ctx)
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("reach port %d of pod %s: %w", port, t.pod, r.err)
		}
		return r.stream, nil
	}
}

func (t *Tunnel) open(port int) (*stream, error) {
	connection, err := t.connect()
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set(corev1.PortHeader, strconv.Itoa(port))
	header.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(t.request.Add(1), 10))
	header.Set(corev1.StreamType, corev1.StreamTypeError)
	failures, err := connection.CreateStream(header)
	if err != nil {
		return nil, err
	}
	if err := failures.Close(); err != nil { // nothing is written to it
		return nil, err
	}
	header.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := connection.CreateStream(header)
	if err != nil {
		connection.RemoveStreams(failures)
		return nil, err
	}
	return &stream{Stream: data, failures: failures, connection: connection}, nil
}

func (t *Tunnel) connect() (httpstream.Connection, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.connection != nil {
		select {
		case <-t.connection.CloseChan(): // it was lost
		default:
			return t.connection, nil
		}
	}
	connection, protocol, err := t.dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	if protocol != portforward.PortForwardProtocolV1Name {
		connection.Close()
		return nil, fmt.Errorf("the API server speaks %q instead of %s", protocol, portforward.PortForwardProtocolV1Name)
	}
	t.connection = connection
	return connection, nil
}

// stream is one connection through a tunnel. A time-out of a single read or write is not supported: callers have those of
// their requests.
type stream struct {
	httpstream.Stream
	failures   httpstream.Stream
	connection httpstream.Connection
}

// Read reads what the pod sends. When that ends, the reason why is read, if there is one.
func (s *stream) Read(into []byte) (int, error) {
	n, err := s.Stream.Read(into)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	if reason, _ := io.ReadAll(io.LimitReader(s.failures, maxReason)); len(reason) > 0 {
		return 0, errors.New(string(reason))
	}
	return 0, io.EOF
}

// maxReason bounds the text that tells why a connection failed, in bytes.
const maxReason = 4 << 10

// Close ends the connection.
func (s *stream) Close() error {
	err := s.Reset()
	s.connection.RemoveStreams(s.Stream, s.failures)
	return err
}

// LocalAddr has no meaning for a tunnel.
func (s *stream) LocalAddr() net.Addr { return address{} }

// RemoteAddr has no meaning for a tunnel.
func (s *stream) RemoteAddr() net.Addr { return address{} }

// SetDeadline is not supported.
func (s *stream) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is not supported.
func (s *stream) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is not supported.
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

type address struct{}

// Network names the kind of the address.
func (address) Network() string { return "tunnel" }

// String is the address for people.
func (address) String() string { return "pod" }
