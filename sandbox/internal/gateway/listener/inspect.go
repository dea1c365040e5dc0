package listener

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

const (
	// inspectTimeout is how long a connection may take to begin.
	inspectTimeout = 15 * time.Second

	// maxHello is what a ClientHello may be long at most, in bytes.
	maxHello = 64 << 10

	recordHandshake = 0x16 // the first byte of a TLS connection
)

// errHello ends the handshake that is only begun to read the ClientHello.
var errHello = errors.New("the ClientHello is known")

// inspected is a connection whose first bytes were read ahead.
type inspected struct {
	net.Conn

	reader *bufio.Reader
}

func (c *inspected) Read(p []byte) (int, error) { return c.reader.Read(p) }

// CloseWrite ends what is sent.
func (c *inspected) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// inspect finds out what a connection begins with, and returns the connection with that still to be read. One whose
// client is silent for too long is plain: its server speaks first.
func inspect(connection net.Conn) (net.Conn, Hello, error) {
	c := &inspected{Conn: connection, reader: bufio.NewReaderSize(connection, maxHello)}
	if err := connection.SetReadDeadline(time.Now().Add(inspectTimeout)); err != nil {
		return c, Hello{}, err
	}
	hello, err := c.peekHello()
	if err != nil {
		return c, Hello{}, err
	}
	return c, hello, connection.SetReadDeadline(time.Time{})
}

func (c *inspected) peekHello() (Hello, error) {
	first, err := c.reader.Peek(1)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return Hello{}, nil
	case err != nil:
		return Hello{}, err
	case first[0] != recordHandshake:
		return Hello{}, nil
	}
	hello := Hello{TLS: true}
	handshake := tls.Server(&peeking{reader: c.reader}, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			hello.ServerName, hello.Protocols = info.ServerName, info.SupportedProtos
			return nil, errHello
		},
	}).HandshakeContext(context.Background()) // the connection has a deadline
	if !errors.Is(handshake, errHello) {
		return Hello{}, handshake
	}
	return hello, nil
}

// peeking is a connection that is read without taking anything out of the reader, and to which nothing is written.
type peeking struct {
	net.Conn // of which nothing else is used

	reader *bufio.Reader
	read   int
}

func (p *peeking) Read(buffer []byte) (int, error) {
	ahead, err := p.reader.Peek(max(p.read+1, p.reader.Buffered()))
	if len(ahead) <= p.read {
		return 0, err
	}
	n := copy(buffer, ahead[p.read:])
	p.read += n
	return n, nil
}

func (p *peeking) Write(alert []byte) (int, error)  { return len(alert), nil }
func (p *peeking) SetWriteDeadline(time.Time) error { return nil }
