package controlplane

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
)

// listenAll opens the API server's port on all its addresses, that on 127.0.0.1 first.
func listenAll(c Config, last int) (net.Listener, error) {
	local, err := listen(c.Port, last)
	if err != nil {
		return nil, err
	}
	if !c.Advertise.IsValid() {
		return merge(local, c.Listeners...), nil
	}
	port := local.Addr().(*net.TCPAddr).AddrPort().Port()
	advertised, err := net.Listen("tcp", netip.AddrPortFrom(c.Advertise, port).String())
	if err != nil {
		local.Close()
		return nil, fmt.Errorf("opening the API server's port: %w", err)
	}
	return merge(local, append(c.Listeners, advertised)...), nil
}

// listen opens the port on 127.0.0.1: the wanted one, or else that of the last
// run while it is free, or else any.
func listen(wanted, last int) (net.Listener, error) {
	port := wanted
	if port == 0 {
		port = last
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if wanted == 0 && errors.Is(err, syscall.EADDRINUSE) {
		listener, err = net.Listen("tcp4", net.JoinHostPort(loopback, "0"))
	}
	if err != nil {
		return nil, fmt.Errorf("opening the API server's port: %w", err)
	}
	return listener, nil
}

// merged accepts from several listeners and has the address of the first.
type merged struct {
	listeners []net.Listener
	accepted  chan accepted
	closed    chan struct{}
	close     sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

func merge(first net.Listener, others ...net.Listener) net.Listener {
	m := &merged{
		listeners: append([]net.Listener{first}, others...),
		accepted:  make(chan accepted),
		closed:    make(chan struct{}),
	}
	for _, l := range m.listeners {
		go m.acceptFrom(l)
	}
	return m
}

func (m *merged) acceptFrom(l net.Listener) {
	for {
		conn, err := l.Accept()
		select {
		case m.accepted <- accepted{conn, err}:
		case <-m.closed:
			if conn != nil {
				conn.Close()
			}
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (m *merged) Accept() (net.Conn, error) {
	select {
	case a := <-m.accepted:
		return a.conn, a.err
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *merged) Close() error {
	var errs []error
	m.close.Do(func() {
		close(m.closed)
		for _, l := range m.listeners {
			errs = append(errs, l.Close())
		}
	})
	return errors.Join(errs...)
}

func (m *merged) Addr() net.Addr { return m.listeners[0].Addr() }
