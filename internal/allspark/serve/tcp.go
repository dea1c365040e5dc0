package serve

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

const (
	// tcpTimeout is how long a connection may take, tcpHandshake its TLS handshake.
	tcpTimeout   = time.Minute
	tcpHandshake = 5 * time.Second

	// maxTCP bounds the open connections.
	maxTCP = 512
)

// TCP is the server of the TCP port: it reads all that a caller sends and answers when the caller is done.
// A proxyless workload takes mutual TLS only.
type TCP struct {
	service  *Service
	recorder *metrics.Recorder
	log      *slog.Logger
}

// NewTCP returns a server of the service.
func NewTCP(service *Service, recorder *metrics.Recorder, log *slog.Logger) *TCP {
	return &TCP{service: service, recorder: recorder, log: log}
}

// Run serves until the context ends and all connections are done, for at most grace.
func (t *TCP) Run(ctx context.Context, listener net.Listener, grace time.Duration) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	connections, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	slots := make(chan struct{}, maxTCP)
	var open sync.WaitGroup
	for {
		connection, err := listener.Accept()
		if err != nil {
			if ctx.Err() == nil {
				return fmt.Errorf("TCP server on %s: %w", listener.Addr(), err)
			}
			time.AfterFunc(grace, cut)
			open.Wait()
			return nil
		}
		slots <- struct{}{}
		open.Go(func() {
			defer func() { <-slots }()
			t.serve(connections, connection)
		})
	}
}

func (t *TCP) serve(ctx context.Context, connection net.Conn) {
	defer connection.Close()
	ctx, cancel := context.WithTimeout(ctx, tcpTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { connection.Close() })()

	connection, peer, err := t.secure(ctx, connection)
	if err == nil {
		err = t.answer(ctx, connection, peer)
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF at the start is a port check
		t.log.Debug("TCP connection failed", "from", connection.RemoteAddr().String(), "error", err)
	}
}

// secure makes the TLS handshake of a proxyless workload.
func (t *TCP) secure(ctx context.Context, connection net.Conn) (net.Conn, mesh.Peer, error) {
	if t.service.Self.TLS == nil {
		return connection, mesh.Peer{}, nil
	}
	config, err := t.service.Self.TLS.Server(ctx)
	if err != nil {
		return connection, mesh.Peer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, tcpHandshake)
	defer cancel()
	secured := tls.Server(connection, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return connection, mesh.Peer{}, err
	}
	return secured, mesh.PeerOfTLS(secured.ConnectionState()), nil
}

// answer introduces the service to callers that introduce themselves, reads to the end, and answers.
func (t *TCP) answer(ctx context.Context, connection net.Conn, peer mesh.Peer) error {
	reader := bufio.NewReaderSize(connection, 4<<10)
	headers, received, err := call.ReadPreface(reader)
	if received == 0 && err != nil {
		return err
	}
	sent := &counter{out: connection}
	if err == nil {
		if err := call.WritePreface(sent, t.introduction()); err != nil {
			return err
		}
	}
	closed := t.recorder.Connection(exchange(t.service.Self, request.TCP, peer, headers[mesh.PeerHeader]))
	n, err := io.Copy(io.Discard, reader)
	if err == nil {
		body := t.service.JSON(ctx, Incoming{
			Protocol: request.TCP, Peer: peer, Introduction: headers[mesh.PeerHeader],
			Header: func(name string) string { return headers[name] },
		})
		_, err = sent.Write(append(body, '\n'))
	}
	closed(sent.n, int64(received)+n)
	return err
}

func (t *TCP) introduction() map[string]string {
	if !t.service.Self.Proxyless {
		return map[string]string{}
	}
	return map[string]string{mesh.PeerHeader: t.service.Self.Header()}
}

type counter struct {
	out io.Writer
	n   int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.n += int64(n)
	return n, err
}
