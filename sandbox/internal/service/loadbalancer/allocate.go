// Package loadbalancer gives Services of type LoadBalancer addresses from a pool, as a cloud's controller does.
package loadbalancer

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Allocation is what one Service should have.
type Allocation struct {
	Service *corev1.Service
	// Address is the zero value for a Service that should have none, or for which there is none.
	Address netip.Addr
	// Problem says for users why a Service that asks for an address gets none.
	Problem string
}

// Allocate decides the addresses of all Services that are ours: those of type LoadBalancer without a class,
// and those that are not of the type any more but still hold an address of the pool.
// An address that a Service holds, by its status or by held (what was given to it but may not be in its status
// yet), stays with it unless it asks for another. Of two holders of one address the older keeps it.
func Allocate(pool netip.Prefix, services []*corev1.Service, held map[types.UID]netip.Addr) []Allocation {
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b *corev1.Service) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var allocations []Allocation
	used := map[netip.Addr]bool{}
	var waiting []int // indices of allocations without an address so far
	for _, service := range services {
		current := holding(pool, service, held)
		if !asks(service) {
			if current.IsValid() && service.Spec.Type != corev1.ServiceTypeLoadBalancer {
				allocations = append(allocations, Allocation{Service: service})
			}
			continue
		}
		wanted, _ := netip.ParseAddr(service.Spec.LoadBalancerIP)
		keeps := current.IsValid() && !used[current] && (service.Spec.LoadBalancerIP == "" || wanted == current)
		if keeps {
			used[current] = true
			allocations = append(allocations, Allocation{Service: service, Address: current})
			continue
		}
		waiting = append(waiting, len(allocations))
		allocations = append(allocations, Allocation{Service: service})
	}
	for _, named := range []bool{true, false} { // who names an address chooses before who takes any
		for _, i := range waiting {
			if (allocations[i].Service.Spec.LoadBalancerIP != "") == named {
				allocations[i].Address, allocations[i].Problem = choose(pool, used, allocations[i].Service.Spec.LoadBalancerIP)
				used[allocations[i].Address] = true
			}
		}
	}
	return allocations
}

// asks tells whether an address is ours to give: another controller serves a Service with a class.
func asks(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil
}

// holding is the address of the pool that the Service has, if any.
func holding(pool netip.Prefix, service *corev1.Service, held map[types.UID]netip.Addr) netip.Addr {
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		if address, err := netip.ParseAddr(ingress.IP); err == nil && pool.Contains(address) {
			return address
		}
	}
	return held[service.UID]
}

// choose picks the wanted address, or the lowest free one.
func choose(pool netip.Prefix, used map[netip.Addr]bool, wanted string) (netip.Addr, string) {
	if wanted != "" {
		address, err := netip.ParseAddr(wanted)
		switch {
		case err != nil || !pool.Contains(address):
			return netip.Addr{}, fmt.Sprintf("spec.loadBalancerIP %s is not in the address pool %s", wanted, pool)
		case used[address]:
			return netip.Addr{}, fmt.Sprintf("spec.loadBalancerIP %s is in use by another Service", wanted)
		}
		return address, ""
	}
	for address := pool.Masked().Addr().Next(); pool.Contains(address.Next()); address = address.Next() {
		if !used[address] {
			return address, ""
		}
	}
	return netip.Addr{}, fmt.Sprintf("the address pool %s is exhausted", pool)
}
