package checks

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

func gatewayHostTwice() validation.Check {
	return validation.Check{
		ID:       "virtualservice/hosts/overlap",
		Severity: validation.Warning,
		Message:  "another VirtualService routes the same host of the same gateway, and one of them takes every request",
		Cause: "Istio joins VirtualServices of one host on a gateway in no certain order. A rule without match in one of them " +
			"hides the rules of the others that come after it.",
		Mend:     "Put the rules into one VirtualService, or give every rule a match.",
		Subjects: of(validation.VirtualService),
		Reads:    of(validation.VirtualService),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, host := range virtualServiceOf(o).GetHosts() {
				for _, gateway := range gatewaysOf(o) {
					for _, other := range routesOfGateway(v)[gatewayHost{gateway, host}] {
						if other != o && (takesAll(virtualServiceOf(o)) || takesAll(virtualServiceOf(other))) {
							report(validation.At(fmt.Sprintf("hosts[%d]", i), values("hostname", host, "gateway", gateway, "virtualService", other.String())))
						}
					}
				}
			}
		},
	}
}

type gatewayHost struct{ gateway, host string }

// routesOfGateway returns the VirtualServices of each host of each gateway.
func routesOfGateway(v validation.View) map[gatewayHost][]*validation.Object {
	return validation.Derived(v, "virtual services by gateway and host", of(validation.VirtualService), func(v validation.View) map[gatewayHost][]*validation.Object {
		routes := map[gatewayHost][]*validation.Object{}
		for _, o := range v.Objects(validation.VirtualService) {
			for _, gateway := range gatewaysOf(o) {
				for _, host := range virtualServiceOf(o).GetHosts() {
					key := gatewayHost{gateway, host}
					if !slices.Contains(routes[key], o) {
						routes[key] = append(routes[key], o)
					}
				}
			}
		}
		return routes
	})
}

// gatewaysOf are the gateways that a VirtualService names, as <namespace>/<name>, without "mesh".
func gatewaysOf(o *validation.Object) []string {
	var gateways []string
	for _, name := range virtualServiceOf(o).GetGateways() {
		if name == meshGateway {
			continue
		}
		if !strings.Contains(name, "/") {
			name = o.Namespace + "/" + name
		}
		gateways = append(gateways, name)
	}
	return gateways
}

// takesAll tells whether a VirtualService has an HTTP rule that every request fits.
func takesAll(spec *networking.VirtualService) bool {
	return slices.ContainsFunc(spec.GetHttp(), func(route *networking.HTTPRoute) bool {
		return len(route.GetMatch()) == 0 || slices.ContainsFunc(route.GetMatch(), func(m *networking.HTTPMatchRequest) bool {
			return m.GetUri().GetPrefix() == "/" && len(m.GetHeaders())+len(m.GetQueryParams())+len(m.GetWithoutHeaders()) == 0 &&
				m.GetMethod() == nil && m.GetAuthority() == nil && m.GetScheme() == nil && m.GetPort() == 0
		})
	})
}
