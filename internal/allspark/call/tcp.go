package call

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// MaxPreface bounds the line of JSON in which both ends of a TCP connection introduce themselves, in bytes.
const MaxPreface = 16 << 10

// callTCP sends a line of JSON with the headers, the payload, and the end of the stream. The answering end replies
// with a line of JSON with its headers at once, and with its answer when it has read all.
func (c *Caller) callTCP(ctx context.Context, r request.Request, options Options) Result {
	host := c.self.ResolveHost(r.Host)
	connection, peer, err := c.dialTCP(ctx, r, host, options)
	if err != nil {
		return c.tcpFailure(host, err)
	}
	defer connection.Close()
	stop := context.AfterFunc(ctx, func() { connection.Close() })
	defer stop()

	reader := bufio.NewReaderSize(connection, 4<<10)
	counted := &countingWriter{out: connection}
	reply, err := c.introduce(counted, reader, options)
	if err != nil {
		return c.tcpFailure(host, cause(ctx, err))
	}
	closed := c.recorder.Connection(c.exchange(request.TCP, host, peer, reply.headers[mesh.PeerHeader]))
	answer, err := exchangePayload(counted, reader, r.Size, connection)
	closed(int64(reply.size+len(answer)), counted.n)
	if err != nil {
		return failed(cause(ctx, err))
	}
	return Result{Answer: answer, Peer: peer, Code: CodeOK}
}

// dialTCP connects, with mutual TLS to services of the cluster when this workload is in the mesh.
func (c *Caller) dialTCP(ctx context.Context, r request.Request, host mesh.Host, options Options) (net.Conn, mesh.Peer, error) {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", r.Address())
	if err != nil || c.self.TLS == nil || host.Namespace == "" || options.Plaintext {
		return connection, mesh.Peer{}, err
	}
	config, err := c.self.TLS.Client(ctx, host.Namespace)
	if err != nil {
		connection.Close()
		return nil, mesh.Peer{}, err
	}
	secured := tls.Client(connection, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		connection.Close()
		return nil, mesh.Peer{}, fmt.Errorf("TLS handshake with %s: %w", r.Address(), err)
	}
	return secured, mesh.PeerOfTLS(secured.ConnectionState()), nil
}

// reply is the introduction of the answering end.
type reply struct {
	headers map[string]string
	size    int
}

func (c *Caller) introduce(out io.Writer, in *bufio.Reader, options Options) (reply, error) {
	headers := map[string]string{}
	for name, values := range c.introduction(options) {
		headers[name] = values[0]
	}
	if err := WritePreface(out, headers); err != nil {
		return reply{}, err
	}
	answered, size, err := ReadPreface(in)
	if err != nil {
		return reply{}, fmt.Errorf("introduction of the other end: %w", err)
	}
	return reply{headers: answered, size: size}, nil
}

// exchangePayload sends the payload, then the end of the stream, and reads the answer.
func exchangePayload(out io.Writer, in io.Reader, size int, connection net.Conn) ([]byte, error) {
	if _, err := io.CopyN(out, filler{}, int64(size)); err != nil {
		return nil, err
	}
	half, ok := connection.(interface{ CloseWrite() error })
	if !ok {
		return nil, errors.New("the connection cannot end one direction")
	}
	if err := half.CloseWrite(); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(in, maxAnswer))
}

// tcpFailure reports a connection that did not come about.
func (c *Caller) tcpFailure(host mesh.Host, err error) Result {
	e := c.exchange(request.TCP, host, mesh.Peer{}, "")
	e.Flags = flagOf(codeOf(err))
	c.recorder.Connection(e)(0, 0)
	return failed(err)
}

// cause is why the connection ended: the context, if it did.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// WritePreface writes the line of JSON that opens each direction of a TCP connection.
func WritePreface(out io.Writer, headers map[string]string) error {
	line, err := json.Marshal(headers)
	if err != nil {
		return err
	}
	_, err = out.Write(append(line, '\n'))
	return err
}

// ReadPreface reads such a line and returns its size too. An error means that the other end sent something else.
func ReadPreface(in *bufio.Reader) (headers map[string]string, size int, err error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, len(line), err
		}
		if len(line) > MaxPreface {
			return nil, len(line), fmt.Errorf("first line is longer than %d bytes", MaxPreface)
		}
	}
	return headers, len(line), json.Unmarshal(line, &headers)
}

// filler is an endless payload.
type filler struct{}

func (filler) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '.'
	}
	return len(p), nil
}

type countingWriter struct {
	out io.Writer
	n   int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.n += int64(n)
	return n, err
}
