package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// Proxy holds the sockets of the frontends that were applied last.
// Apply and Close are to be called from one goroutine.
type Proxy struct {
	ctx       context.Context
	cancel    context.CancelFunc
	traffic   sync.WaitGroup
	balancers map[frontendKey]*balancer
	bound     map[binding]socket
}

// frontendKey names a frontend across changes of its addresses and endpoints.
type frontendKey struct {
	service       types.NamespacedName
	port, network string
}

// binding is an address that is listened on.
type binding struct {
	network string
	address netip.AddrPort
}

func (b binding) compare(other binding) int {
	return cmp.Or(b.address.Compare(other.address), cmp.Compare(b.network, other.network))
}

// socket is what is open at a binding, and for whom.
type socket struct {
	owner frontendKey
	io.Closer
}

// New returns a proxy without frontends.
func New() *Proxy {
	ctx, cancel := context.WithCancel(context.Background())
	return &Proxy{ctx: ctx, cancel: cancel, balancers: map[frontendKey]*balancer{}, bound: map[binding]socket{}}
}

// Apply opens and closes sockets until they are those of the frontends, and hands new endpoints to those that stay.
// Connections that are established go on until one of their ends closes, whatever becomes of the frontend.
// The error names the addresses that could not be bound; the next Apply tries them again.
func (p *Proxy) Apply(frontends []Frontend) error {
	wanted := map[binding]frontendKey{}
	balancers := map[frontendKey]*balancer{}
	for _, frontend := range frontends {
		key := frontendKey{service: frontend.Service, port: frontend.Port, network: frontend.Network}
		balancers[key] = p.balancers[key]
		if balancers[key] == nil {
			balancers[key] = &balancer{}
		}
		balancers[key].update(frontend.Endpoints, frontend.Affinity)
		for _, address := range frontend.Addresses {
			if at := (binding{network: frontend.Network, address: address}); wanted[at] == (frontendKey{}) {
				wanted[at] = key
			}
		}
	}
	for key, gone := range p.balancers {
		if balancers[key] == nil {
			gone.update(nil, 0)
		}
	}
	p.balancers = balancers
	p.release(wanted)
	return p.bind(wanted)
}

// Close ends the proxy with all its sockets and connections, and waits for them.
func (p *Proxy) Close() {
	p.release(nil)
	p.cancel()
	p.traffic.Wait()
}

// release closes the sockets that are not wanted, or wanted for another frontend.
func (p *Proxy) release(wanted map[binding]frontendKey) {
	for at, open := range p.bound {
		if wanted[at] != open.owner {
			open.Close()
			delete(p.bound, at)
		}
	}
}

// bind opens the sockets that are wanted and not open yet, in a stable order for the sake of a stable error.
func (p *Proxy) bind(wanted map[binding]frontendKey) error {
	var failed []error
	for _, at := range slices.SortedFunc(maps.Keys(wanted), binding.compare) {
		if _, open := p.bound[at]; open {
			continue
		}
		owner := wanted[at]
		closer, err := p.listen(at, p.balancers[owner])
		if err != nil {
			failed = append(failed, fmt.Errorf("listen for Service %s: %w", owner.service, err))
			continue
		}
		p.bound[at] = socket{owner: owner, Closer: closer}
	}
	return errors.Join(failed...)
}

func (p *Proxy) listen(at binding, backends *balancer) (io.Closer, error) {
	if at.network == "udp" {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at.address))
		if err != nil {
			return nil, err
		}
		p.traffic.Go(func() { serveUDP(p.ctx, conn, backends) })
		return conn, nil
	}
	config := net.ListenConfig{KeepAliveConfig: keepAlive()}
	listener, err := config.Listen(p.ctx, "tcp", at.address.String())
	if err != nil {
		return nil, err
	}
	p.traffic.Go(func() { p.serveTCP(listener.(*net.TCPListener), backends) })
	return listener, nil
}
