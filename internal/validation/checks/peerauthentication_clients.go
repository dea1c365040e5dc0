package checks

import (
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func strictWithoutClients() validation.Check {
	return validation.Check{
		ID:       "peerauthentication/strict/plain-clients",
		Severity: validation.Error,
		Message:  "servers take mutual TLS only, and no DestinationRule makes clients use it",
		Cause: "The mesh has enableAutoMtls switched off, so that proxies speak plain text unless a DestinationRule says otherwise. " +
			"Connections to the workloads of this policy fail.",
		Mend:     "Create a DestinationRule with the TLS mode ISTIO_MUTUAL for *.local or *.<namespace>.svc.cluster.local, or switch enableAutoMtls on.",
		Subjects: of(validation.PeerAuthentication),
		Reads:    of(validation.DestinationRule, validation.ConfigMap, validation.Deployment, validation.IstioControlPlane),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			spec := peerAuthenticationOf(o)
			automatic := facts.MeshConfig(v).GetEnableAutoMtls()
			if automatic == nil || automatic.GetValue() || spec.GetSelector() != nil || spec.GetMtls().GetMode() != security.PeerAuthentication_MutualTLS_STRICT {
				return
			}
			wholeMesh := o.Namespace == facts.RootNamespace(v)
			for _, rule := range v.Objects(validation.DestinationRule) {
				if tlsMode(destinationRuleOf(rule)) == networking.ClientTLSSettings_ISTIO_MUTUAL && isFor(destinationRuleOf(rule).GetHost(), o.Namespace, wholeMesh) {
					return
				}
			}
			report(validation.At("mtls.mode", nil))
		},
	}
}

// isFor tells whether a DestinationRule's host is of the mesh, or of a service of a namespace: a rule for single services
// may be meant to cover all of them.
func isFor(host, namespace string, wholeMesh bool) bool {
	wildcardOf, wildcard := wildcardNamespace(host)
	switch {
	case host == "*", wildcard && wildcardOf == "":
		return true
	case wholeMesh:
		return false
	}
	return wildcardOf == namespace || facts.Covers("*."+namespace+".svc."+facts.Domain, host)
}
