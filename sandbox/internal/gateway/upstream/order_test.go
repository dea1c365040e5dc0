package upstream

import (
	"math"
	"math/rand/v2"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func locality(priority, weight uint32, endpoints ...*endpointv3.LbEndpoint) *endpointv3.LocalityLbEndpoints {
	return &endpointv3.LocalityLbEndpoints{Priority: priority, LoadBalancingWeight: wrapperspb.UInt32(weight), LbEndpoints: endpoints}
}

func lbEndpoint(address string, weight uint32, health corev3.HealthStatus) *endpointv3.LbEndpoint {
	e := &endpointv3.LbEndpoint{HealthStatus: health, HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 80},
		}}},
	}}}
	if weight > 0 {
		e.LoadBalancingWeight = wrapperspb.UInt32(weight)
	}
	return e
}

func TestTiers(t *testing.T) {
	assignment := &endpointv3.ClusterLoadAssignment{Endpoints: []*endpointv3.LocalityLbEndpoints{
		locality(1, 30, lbEndpoint("far", 0, corev3.HealthStatus_UNKNOWN)),
		locality(0, 70, lbEndpoint("a", 1, corev3.HealthStatus_HEALTHY), lbEndpoint("b", 3, corev3.HealthStatus_HEALTHY)),
		locality(0, 20, lbEndpoint("c", 4, corev3.HealthStatus_HEALTHY), lbEndpoint("ill", 1, corev3.HealthStatus_UNHEALTHY)),
		locality(2, 10, lbEndpoint("leaving", 1, corev3.HealthStatus_DRAINING)),
	}}
	weights := func(byLocality bool) (found []map[string]float64) {
		for _, tier := range tiers(assignment, byLocality) {
			byAddress := map[string]float64{}
			for _, e := range tier {
				byAddress[e.address] = e.weight
			}
			found = append(found, byAddress)
		}
		return found
	}
	if diff := cmp.Diff([]map[string]float64{{"a:80": 1, "b:80": 3, "c:80": 4}, {"far:80": 1}}, weights(false)); diff != "" {
		t.Errorf("weights of endpoints (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]float64{{"a:80": 17.5, "b:80": 52.5, "c:80": 20}, {"far:80": 30}}, weights(true)); diff != "" {
		t.Errorf("weights of localities (-want +got):\n%s", diff)
	}
}

func TestOrderIsByPriorityAndThenByWeight(t *testing.T) {
	given := [][]endpoint{{{address: "a", weight: 1}, {address: "b", weight: 3}}, {{address: "far", weight: 100}}}
	random := rand.New(rand.NewPCG(1, 2))
	first := map[string]int{}
	const draws = 10000
	for range draws {
		drawn := order(given, random.Float64)
		if len(drawn) != 3 || drawn[2].address != "far" {
			t.Fatalf("order %v: the worse priority has to come last", drawn)
		}
		first[drawn[0].address]++
	}
	if share := float64(first["b"]) / draws; math.Abs(share-0.75) > 0.02 {
		t.Errorf("b was first in %.3f of all cases, want 0.75", share)
	}
}
