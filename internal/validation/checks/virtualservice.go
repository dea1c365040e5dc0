package checks

import (
	"fmt"
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func virtualServiceChecks() []validation.Check {
	return []validation.Check{
		singleWeight(), duplicateDestination(), retriesExceedTimeout(), httpOnTCP(), gatewayHostTwice(), unreachableRule(),
		delegateMissing(), delegateNested(), delegateWithHosts(), delegateUnused(),
	}
}

func virtualServiceOf(o *validation.Object) *networking.VirtualService {
	return validation.SpecOf[*networking.VirtualService](o)
}

func singleWeight() validation.Check {
	return validation.Check{
		ID:       "virtualservice/weight/ignored",
		Severity: validation.Warning,
		Message:  "the weight of an only destination is ignored: it gets all traffic",
		Cause:    "A weight divides traffic between several destinations. One destination gets all of it, whatever its weight.",
		Mend:     "Remove the weight, or add the destination that should get the rest.",
		Subjects: of(validation.VirtualService),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			for i, route := range virtualServiceOf(o).GetHttp() {
				if routes := route.GetRoute(); len(routes) == 1 && routes[0].GetWeight() != 0 && routes[0].GetWeight() != 100 {
					report(validation.At(fmt.Sprintf("http[%d].route[0].weight", i), values("weight", strconv.Itoa(int(routes[0].GetWeight())))))
				}
			}
		},
	}
}

func duplicateDestination() validation.Check {
	return validation.Check{
		ID:       "virtualservice/route/duplicate-destination",
		Severity: validation.Warning,
		Message:  "the same destination stands twice in a route",
		Cause:    "Two entries of a route have the same host, subset and port, so that their weights add up.",
		Mend:     "Join the entries, or correct the host or subset of one.",
		Subjects: of(validation.VirtualService),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			for i, route := range virtualServiceOf(o).GetHttp() {
				seen := map[string]bool{}
				for j, destination := range route.GetRoute() {
					d := destination.GetDestination()
					key := fmt.Sprintf("%s %s %d", d.GetHost(), d.GetSubset(), d.GetPort().GetNumber())
					if seen[key] && destination.GetHeaders() == nil {
						report(validation.At(fmt.Sprintf("http[%d].route[%d].destination", i, j), values("host", d.GetHost(), "subset", d.GetSubset())))
					}
					seen[key] = true
				}
			}
		},
	}
}

func retriesExceedTimeout() validation.Check {
	return validation.Check{
		ID:       "virtualservice/retries/exceed-timeout",
		Severity: validation.Warning,
		Message:  "a try may take longer than the whole request",
		Cause:    "The route's timeout ends the request with all its tries; a longer perTryTimeout never takes effect.",
		Mend:     "Make perTryTimeout shorter than the timeout, at best by the number of attempts.",
		Subjects: of(validation.VirtualService),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			for i, route := range virtualServiceOf(o).GetHttp() {
				total, try := route.GetTimeout().AsDuration(), route.GetRetries().GetPerTryTimeout().AsDuration()
				if total > 0 && try > total {
					report(validation.At(fmt.Sprintf("http[%d].retries.perTryTimeout", i), values("timeout", total.String(), "perTryTimeout", try.String())))
				}
			}
		},
	}
}

func httpOnTCP() validation.Check {
	return validation.Check{
		ID:       "virtualservice/protocol/http-on-tcp",
		Severity: validation.Warning,
		Message:  "HTTP routes have no effect: no port of the host speaks HTTP",
		Cause:    "Istio routes by HTTP only on ports whose name or appProtocol says HTTP or leaves it open. All ports of the host are said to be something else.",
		Mend:     "Name the port http, http2 or grpc if that is what it speaks, or use tcp or tls routes.",
		Subjects: of(validation.VirtualService),
		Reads:    of(validation.Service, validation.ServiceEntry),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			spec := virtualServiceOf(o)
			if len(spec.GetHttp()) == 0 || !meshOnly(spec) {
				return
			}
			for i, host := range spec.GetHosts() {
				if found := facts.Hosts(v).Find(host, o.Namespace); len(found) > 0 && !slices.ContainsFunc(found, speaksHTTP) {
					report(validation.At(fmt.Sprintf("hosts[%d]", i), values("hostname", host)))
				}
			}
		},
	}
}

func speaksHTTP(h *facts.Host) bool {
	return len(h.Ports) == 0 || slices.ContainsFunc(h.Ports, func(port facts.Port) bool {
		return port.Protocol == "" || family(port.Protocol) == "HTTP"
	})
}

// meshGateway stands for all sidecars among the gateways of a VirtualService.
const meshGateway = "mesh"

func meshOnly(spec *networking.VirtualService) bool {
	return len(spec.GetGateways()) == 0 || len(spec.GetGateways()) == 1 && spec.GetGateways()[0] == meshGateway
}
