package checks

import (
	"github.com/meshmanager/smm/internal/validation"
)

func gatewayChecks() []validation.Check {
	return []validation.Check{
		gatewayPortConflict(),
		gatewayReusedCertificate(),
		gatewaySelectorMissing(),
	}
}

func gatewaySelectorMissing() validation.Check {
	return validation.Check{
		ID:       "gateway/selector/missing",
		Severity: validation.Warning,
		Message:  "gateway has no selector and applies to every gateway workload of the mesh",
		Cause:    "A Gateway without selector opens its ports on all gateways, ingress and egress, also those that come later.",
		Mend:     "Select the gateway's pods, for example by gateway-name.",
		Subjects: of(validation.Gateway),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			if len(gatewayOf(o).GetSelector()) == 0 {
				report(validation.At("selector", nil))
			}
		},
	}
}
