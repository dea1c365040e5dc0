package checks

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func sharedAddress() validation.Check {
	return validation.Check{
		ID:       "kubernetesgateway/listener/conflict",
		Severity: validation.Warning,
		Message:  "another gateway at the same address has a listener for the same port and host name",
		Cause:    "Gateways with the same address are served by the same proxies. Which of the listeners gets the requests is not certain.",
		Mend:     "Give the gateways different addresses, or their listeners different ports or host names.",
		Subjects: of(validation.KubernetesGateway),
		Reads:    of(validation.KubernetesGateway),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			own := validation.SpecOf[*gatewayv1.GatewaySpec](o)
			if len(own.Addresses) == 0 {
				return // it gets an address of its own
			}
			for _, other := range v.Objects(validation.KubernetesGateway) {
				spec := validation.SpecOf[*gatewayv1.GatewaySpec](other)
				if other == o || spec.GatewayClassName != own.GatewayClassName || !shareAddress(o, other) {
					continue
				}
				for i, listener := range own.Listeners {
					for _, theirs := range spec.Listeners {
						if listener.Port == theirs.Port && strings.EqualFold(hostname(listener.Hostname), hostname(theirs.Hostname)) {
							report(validation.At(fmt.Sprintf("listeners[%d]", i), values("gateway", other.String(), "listener", string(theirs.Name))))
						}
					}
				}
			}
		},
	}
}

// shareAddress tells whether two gateways ask for the same address. A short host name is that of a Service in the
// gateway's namespace.
func shareAddress(a, b *validation.Object) bool {
	asked := map[string]bool{}
	for _, address := range validation.SpecOf[*gatewayv1.GatewaySpec](a).Addresses {
		asked[addressOf(a, address)] = true
	}
	for _, address := range validation.SpecOf[*gatewayv1.GatewaySpec](b).Addresses {
		if asked[addressOf(b, address)] {
			return true
		}
	}
	return false
}

func addressOf(o *validation.Object, address gatewayv1.GatewaySpecAddress) string {
	kind := gatewayv1.IPAddressType
	if address.Type != nil {
		kind = *address.Type
	}
	value := address.Value
	if kind == gatewayv1.HostnameAddressType && !strings.Contains(value, ".") {
		value += "." + o.Namespace + ".svc." + facts.Domain
	}
	return string(kind) + " " + value
}
