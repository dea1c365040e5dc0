package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	dialTimeout = 2 * time.Second
	// acceptPause is how long accepting rests when the process has run out of file descriptors.
	acceptPause = 50 * time.Millisecond
)

// keepAlive finds peers that are gone: a pod's network can vanish without a word to its connections.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 2}
}

// serveTCP accepts connections until the listener is closed.
func (p *Proxy) serveTCP(listener *net.TCPListener, backends *balancer) {
	for {
		client, err := listener.AcceptTCP()
		switch {
		case err == nil:
			p.traffic.Go(func() { forward(p.ctx, client, backends) })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			select {
			case <-p.ctx.Done():
			case <-time.After(acceptPause):
			}
		}
	}
}

// forward connects the client with an endpoint; when none answers the client sees its connection reset.
func forward(ctx context.Context, client *net.TCPConn, backends *balancer) {
	backend := dial(ctx, client.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(), backends)
	if backend == nil {
		reset(client)
		return
	}
	relay(ctx, client, backend)
}

// dial tries the endpoints in the balancer's order.
func dial(ctx context.Context, client netip.Addr, backends *balancer) *net.TCPConn {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive()}
	for _, endpoint := range backends.candidates(client, time.Now()) {
		conn, err := dialer.DialContext(ctx, "tcp", endpoint.String())
		if err == nil {
			backends.chosen(client, endpoint, time.Now())
			return conn.(*net.TCPConn)
		}
	}
	return nil
}

// relay copies both ways (in the kernel, by splice) until both sides have finished sending. The end of one
// direction is passed on alone; an error in either resets both connections, so that neither side takes
// a broken stream for a complete one.
func relay(ctx context.Context, a, b *net.TCPConn) {
	abort := func() { reset(a); reset(b) }
	stop := context.AfterFunc(ctx, abort)
	defer stop()
	var directions sync.WaitGroup
	pump := func(to, from *net.TCPConn) {
		if _, err := io.Copy(to, from); err != nil {
			abort()
			return
		}
		_ = to.CloseWrite() // it fails only if the peer has gone, and then the other direction ends as well
	}
	directions.Go(func() { pump(a, b) })
	directions.Go(func() { pump(b, a) })
	directions.Wait()
	a.Close()
	b.Close()
}

// reset closes a connection so that its peer sees an error instead of an orderly end.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	conn.Close()
}
