package proxy

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// flowIdle is how long a client may be silent, and unanswered, before its flow is forgotten.
	flowIdle = 30 * time.Second
	// maxDatagram is the largest payload of a UDP datagram over IPv4, in bytes.
	maxDatagram = 65507
)

// flows are the clients of one UDP socket, each with a socket of its own towards its endpoint.
type flows struct {
	front    *net.UDPConn
	backends *balancer
	idle     time.Duration
	replies  sync.WaitGroup

	mu       sync.Mutex
	byClient map[netip.AddrPort]*flow
}

type flow struct {
	endpoint netip.AddrPort
	conn     *net.UDPConn
}

// serveUDP forwards datagrams until the socket is closed or ctx ends.
func serveUDP(ctx context.Context, front *net.UDPConn, backends *balancer) {
	newFlows(front, backends, flowIdle).serve(ctx)
}

func newFlows(front *net.UDPConn, backends *balancer, idle time.Duration) *flows {
	return &flows{front: front, backends: backends, idle: idle, byClient: map[netip.AddrPort]*flow{}}
}

func (f *flows) serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { f.front.Close() })
	defer stop()
	buffer := make([]byte, maxDatagram)
	for {
		n, client, err := f.front.ReadFromUDPAddrPort(buffer)
		if err != nil {
			break
		}
		if to := f.flow(client); to != nil {
			_ = to.conn.SetReadDeadline(time.Now().Add(f.idle))
			_, _ = to.conn.Write(buffer[:n]) // lost, as datagrams may be
		}
	}
	f.front.Close()
	f.mu.Lock()
	for _, open := range f.byClient {
		open.conn.Close()
	}
	f.mu.Unlock()
	f.replies.Wait()
}

// flow finds the client's flow, or begins one; a flow whose endpoint no longer takes traffic is replaced.
// It returns nil when there is no endpoint.
func (f *flows) flow(client netip.AddrPort) *flow {
	f.mu.Lock()
	defer f.mu.Unlock()
	if open := f.byClient[client]; open != nil {
		if f.backends.has(open.endpoint) {
			return open
		}
		open.conn.Close()
		delete(f.byClient, client)
	}
	now := time.Now()
	for _, endpoint := range f.backends.candidates(client.Addr(), now) {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(endpoint))
		if err != nil {
			continue
		}
		f.backends.chosen(client.Addr(), endpoint, now)
		begun := &flow{endpoint: endpoint, conn: conn}
		f.byClient[client] = begun
		f.replies.Go(func() { f.answer(client, begun) })
		return begun
	}
	return nil
}

// answer carries the endpoint's datagrams back to the client until the flow is idle, refused or closed.
func (f *flows) answer(client netip.AddrPort, from *flow) {
	buffer := make([]byte, maxDatagram)
	for {
		n, err := from.conn.Read(buffer)
		if err != nil {
			break
		}
		_ = from.conn.SetReadDeadline(time.Now().Add(f.idle))
		_, _ = f.front.WriteToUDPAddrPort(buffer[:n], client)
	}
	from.conn.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byClient[client] == from {
		delete(f.byClient, client)
	}
}
