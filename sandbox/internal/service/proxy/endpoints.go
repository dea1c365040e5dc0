package proxy

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Endpoints lists, sorted and without duplicates, the endpoints of one Service's slices that take connections
// at the named port. Ready endpoints count; when there is none, those that terminate but still serve do,
// so that a roll-out of the last replica loses no connection.
func Endpoints(endpointSlices []*discoveryv1.EndpointSlice, port string, protocol corev1.Protocol) []netip.AddrPort {
	var ready, draining []netip.AddrPort
	for _, slice := range endpointSlices {
		number, ok := portNumber(slice.Ports, port, protocol)
		if !ok {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			conditions := endpoint.Conditions
			for _, ip := range endpoint.Addresses {
				address, err := netip.ParseAddr(ip)
				switch {
				case err != nil:
				case conditions.Ready == nil || *conditions.Ready:
					ready = append(ready, netip.AddrPortFrom(address, number))
				case isTrue(conditions.Terminating) && isTrue(conditions.Serving):
					draining = append(draining, netip.AddrPortFrom(address, number))
				}
			}
		}
	}
	chosen := ready
	if len(ready) == 0 {
		chosen = draining
	}
	slices.SortFunc(chosen, netip.AddrPort.Compare)
	return slices.Compact(chosen)
}

func portNumber(ports []discoveryv1.EndpointPort, name string, protocol corev1.Protocol) (uint16, bool) {
	for _, port := range ports {
		sameName := (port.Name == nil && name == "") || (port.Name != nil && *port.Name == name)
		sameProtocol := (port.Protocol == nil && protocol == corev1.ProtocolTCP) || (port.Protocol != nil && *port.Protocol == protocol)
		if sameName && sameProtocol && port.Port != nil {
			return uint16(*port.Port), true
		}
	}
	return 0, false
}

func isTrue(condition *bool) bool { return condition != nil && *condition }
