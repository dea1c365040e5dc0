package upstream

import (
	"net"
	"slices"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

// endpoint is where a cluster can be reached.
type endpoint struct {
	network, address string
	weight           float64
	metadata         *corev3.Metadata
}

// tiers are the usable endpoints of a cluster by priority, the best first. With byLocality the weights of localities
// count, and those of endpoints only within their locality.
func tiers(assignment *endpointv3.ClusterLoadAssignment, byLocality bool) [][]endpoint {
	byPriority := map[uint32][]endpoint{}
	var priorities []uint32
	for _, locality := range assignment.GetEndpoints() {
		priority := locality.GetPriority()
		endpoints := usable(locality.GetLbEndpoints())
		if len(endpoints) == 0 {
			continue
		}
		if byLocality {
			share(endpoints, float64(locality.GetLoadBalancingWeight().GetValue()))
		}
		if byPriority[priority] == nil {
			priorities = append(priorities, priority)
		}
		byPriority[priority] = append(byPriority[priority], endpoints...)
	}
	slices.Sort(priorities)
	ordered := make([][]endpoint, 0, len(priorities))
	for _, priority := range priorities {
		ordered = append(ordered, byPriority[priority])
	}
	return ordered
}

func usable(all []*endpointv3.LbEndpoint) []endpoint {
	var endpoints []endpoint
	for _, e := range all {
		switch e.GetHealthStatus() {
		case corev3.HealthStatus_UNHEALTHY, corev3.HealthStatus_DRAINING, corev3.HealthStatus_TIMEOUT:
			continue
		}
		network, address := addressOf(e.GetEndpoint().GetAddress())
		if address == "" {
			continue
		}
		weight := 1.0
		if w := e.GetLoadBalancingWeight().GetValue(); w > 0 {
			weight = float64(w)
		}
		endpoints = append(endpoints, endpoint{network: network, address: address, weight: weight, metadata: e.GetMetadata()})
	}
	return endpoints
}

// addressOf is an address for a dialer, "" for one that no socket has.
func addressOf(address *corev3.Address) (network, text string) {
	if pipe := address.GetPipe(); pipe != nil {
		return "unix", pipe.GetPath()
	}
	if socket := address.GetSocketAddress(); socket != nil {
		return "tcp", net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue())))
	}
	return "", ""
}

// share divides a weight among endpoints.
func share(endpoints []endpoint, weight float64) {
	sum := 0.0
	for _, e := range endpoints {
		sum += e.weight
	}
	for i := range endpoints {
		endpoints[i].weight *= weight / sum
	}
}

// order draws the order in which endpoints are tried: each next one at random by weight, all of a better priority before
// those of the next. Random returns numbers from 0 up to 1.
func order(tiers [][]endpoint, random func() float64) []endpoint {
	var drawn []endpoint
	for _, tier := range tiers {
		left := slices.Clone(tier)
		for len(left) > 0 {
			i := draw(left, random())
			drawn = append(drawn, left[i])
			left = slices.Delete(left, i, i+1)
		}
	}
	return drawn
}

func draw(endpoints []endpoint, random float64) int {
	sum := 0.0
	for _, e := range endpoints {
		sum += e.weight
	}
	at := random * sum
	for i, e := range endpoints {
		if at -= e.weight; at < 0 {
			return i
		}
	}
	return len(endpoints) - 1
}
