package checks

import (
	"maps"

	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func peerAuthenticationChecks() []validation.Check {
	return []validation.Check{duplicatePeerAuthentication(), policyWithoutProxy(), strictWithoutClients()}
}

func peerAuthenticationOf(o *validation.Object) *security.PeerAuthentication {
	return validation.SpecOf[*security.PeerAuthentication](o)
}

func duplicatePeerAuthentication() validation.Check {
	return validation.Check{
		ID:       "peerauthentication/selector/duplicate",
		Severity: validation.Warning,
		Message:  "another PeerAuthentication of the namespace selects the same workloads",
		Cause:    "Of several policies for the same workloads Istio takes the oldest and ignores the others.",
		Mend:     "Keep one of them.",
		Subjects: of(validation.PeerAuthentication),
		Reads:    of(validation.PeerAuthentication),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			mine := peerAuthenticationOf(o).GetSelector().GetMatchLabels()
			for _, other := range v.In(validation.PeerAuthentication, o.Namespace) {
				if other != o && maps.Equal(mine, peerAuthenticationOf(other).GetSelector().GetMatchLabels()) {
					report(validation.At("selector", values("peerAuthentication", other.String())))
				}
			}
		},
	}
}

func policyWithoutProxy() validation.Check {
	return validation.Check{
		ID:       "peerauthentication/selector/no-proxy",
		Severity: validation.Warning,
		Message:  "none of the selected workloads has a proxy that could demand mutual TLS",
		Cause:    "The mode is enforced by the proxy of the workload. These workloads have none and take plain text from everybody.",
		Mend:     "Bring the workloads into the mesh: enable injection of their namespace and restart them.",
		Subjects: of(validation.PeerAuthentication),
		Reads:    kinds(gatewayReads(), of(validation.Namespace)),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			selector := peerAuthenticationOf(o).GetSelector().GetMatchLabels()
			if len(selector) == 0 || peerAuthenticationOf(o).GetMtls().GetMode() != security.PeerAuthentication_MutualTLS_STRICT {
				return
			}
			pods := facts.SelectedIn(v, o.Namespace, selector)
			if len(pods) == 0 || facts.Ambient(v, o.Namespace) {
				return
			}
			for _, pod := range pods {
				if pod.Planned || facts.Proxy(pod) != nil || facts.Proxyless(pod) {
					return
				}
			}
			report(validation.At("selector", selector))
		},
	}
}
