package facts

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

type hostSubset struct{ host, subset string }

// RoutesTo tells whether a VirtualService of the cluster sends requests to a subset of a host. The host is qualified.
func RoutesTo(v validation.View, host, subset string) bool {
	reads := append(workloadKinds(), validation.ServiceEntry, validation.VirtualService)
	return validation.DerivedAcross(v, "subsets with routes in "+v.Cluster, reads, routedSubsets)[hostSubset{host, subset}]
}

func routedSubsets(v validation.View) map[hostSubset]bool {
	routed := map[hostSubset]bool{}
	hosts := Hosts(v)
	for _, o := range v.Objects(validation.VirtualService) {
		for _, d := range destinations(validation.SpecOf[*networking.VirtualService](o)) {
			if d.GetSubset() != "" {
				routed[hostSubset{hosts.Qualify(d.GetHost(), o.Namespace), d.GetSubset()}] = true
			}
		}
	}
	return routed
}

// destinations are all that a VirtualService sends requests to, also copies of them.
func destinations(spec *networking.VirtualService) []*networking.Destination {
	var all []*networking.Destination
	for _, route := range spec.GetHttp() {
		for _, to := range route.GetRoute() {
			all = append(all, to.GetDestination())
		}
		for _, mirror := range route.GetMirrors() {
			all = append(all, mirror.GetDestination())
		}
		all = append(all, route.GetMirror())
	}
	for _, route := range spec.GetTcp() {
		for _, to := range route.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	for _, route := range spec.GetTls() {
		for _, to := range route.GetRoute() {
			all = append(all, to.GetDestination())
		}
	}
	return all
}
