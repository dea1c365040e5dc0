package registry

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// How a line behaves.
const (
	lineWorks   = ""
	lineRefuses = "refuses" // ends every connection
	lineSilent  = "silent"  // takes connections and says nothing
	lineGarbage = "garbage" // answers with something else than TLS
)

// line is a TCP connection to an API server that can break in many ways.
type line struct {
	address string
	server  string

	mu    sync.Mutex
	state string
	open  []net.Conn
}

func newLine(t *testing.T, host string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{address: "https://" + listener.Addr().String(), server: strings.TrimPrefix(host, "https://")}
	t.Cleanup(func() {
		_ = listener.Close()
		l.set(lineRefuses)
	})
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(connection)
		}
	}()
	return l
}

func (l *line) serve(connection net.Conn) {
	l.mu.Lock()
	state := l.state
	l.open = append(l.open, connection)
	l.mu.Unlock()
	switch state {
	case lineRefuses:
		_ = connection.Close()
	case lineSilent:
	case lineGarbage:
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\n\r\n<html>a login page</html>")
		_ = connection.Close()
	default:
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = connection.Close()
			return
		}
		l.mu.Lock()
		l.open = append(l.open, server)
		l.mu.Unlock()
		go func() {
			_, _ = io.Copy(server, connection)
			_ = server.Close()
		}()
		_, _ = io.Copy(connection, server)
		_ = connection.Close()
	}
}

// set changes how the line behaves, and ends all connections that there are.
func (l *line) set(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	for _, connection := range l.open {
		_ = connection.Close()
	}
	l.open = nil
}
