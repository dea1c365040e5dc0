package node

import (
	"fmt"
	"net/netip"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// addresses gives each pod an address of the pod network. An address that becomes free is used again as
// late as possible, because others may still know it as that of the pod which is gone.
type addresses struct {
	network netip.Prefix

	mu    sync.Mutex
	owner map[netip.Addr]types.UID
	last  netip.Addr
}

// newAddresses returns the addresses of a network. Its first two are not given out: they name the network and the node.
func newAddresses(network netip.Prefix) *addresses {
	network = network.Masked()
	return &addresses{network: network, owner: map[netip.Addr]types.UID{}, last: network.Addr().Next()}
}

// claim gives a pod the address it had before, unless another pod has it now.
func (a *addresses) claim(pod types.UID, address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil || !a.usable(ip) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if owner, taken := a.owner[ip]; taken {
		return owner == pod
	}
	a.owner[ip] = pod
	if a.last.Less(ip) {
		a.last = ip
	}
	return true
}

// allocate gives a pod an address that no other has.
func (a *addresses) allocate(pod types.UID) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := a.network.Addr().Next().Next()
	start := a.last.Next()
	if !a.usable(start) {
		start = first
	}
	for ip := start; ; {
		if _, taken := a.owner[ip]; !taken {
			a.owner[ip], a.last = pod, ip
			return ip.String(), nil
		}
		if ip = ip.Next(); !a.usable(ip) {
			ip = first
		}
		if ip == start {
			return "", fmt.Errorf("all addresses of the pod network %s are in use", a.network)
		}
	}
}

// release frees the address of a pod, if it has one.
func (a *addresses) release(pod types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ip, owner := range a.owner {
		if owner == pod {
			delete(a.owner, ip)
		}
	}
}

// usable says that a pod may have the address: it is neither the network's, the node's nor the broadcast address.
func (a *addresses) usable(ip netip.Addr) bool {
	node := a.network.Addr().Next()
	return a.network.Contains(ip) && node.Less(ip) && a.network.Contains(ip.Next())
}
