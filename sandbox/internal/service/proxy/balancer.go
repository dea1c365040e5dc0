package proxy

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// balancer chooses endpoints in turn for one frontend, and remembers clients where affinity asks for it.
type balancer struct {
	mu        sync.Mutex
	endpoints []netip.AddrPort
	next      int
	affinity  time.Duration
	clients   map[netip.Addr]attachment
}

// attachment is the endpoint that a client used last, and when.
type attachment struct {
	endpoint netip.AddrPort
	used     time.Time
}

// update replaces the endpoints; clients of endpoints that are gone are forgotten.
func (b *balancer) update(endpoints []netip.AddrPort, affinity time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endpoints, b.affinity = endpoints, affinity
	for client, attached := range b.clients {
		if affinity == 0 || !slices.Contains(endpoints, attached.endpoint) {
			delete(b.clients, client)
		}
	}
}

// candidates lists every endpoint once, in the order in which a connection of the client should try them.
func (b *balancer) candidates(client netip.Addr, now time.Time) []netip.AddrPort {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.endpoints) == 0 {
		return nil
	}
	start := b.next % len(b.endpoints)
	if attached, ok := b.clients[client]; ok && now.Sub(attached.used) < b.affinity {
		start = slices.Index(b.endpoints, attached.endpoint)
	} else {
		b.next++
	}
	return append(slices.Clone(b.endpoints[start:]), b.endpoints[:start]...)
}

// chosen records that the client is now served by the endpoint.
func (b *balancer) chosen(client netip.Addr, endpoint netip.AddrPort, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.affinity == 0 || !slices.Contains(b.endpoints, endpoint) {
		return
	}
	if b.clients == nil {
		b.clients = map[netip.Addr]attachment{}
	}
	b.clients[client] = attachment{endpoint: endpoint, used: now}
}

// has tells whether the endpoint still takes new traffic.
func (b *balancer) has(endpoint netip.AddrPort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.endpoints, endpoint)
}
