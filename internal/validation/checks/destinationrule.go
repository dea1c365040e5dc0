package checks

import (
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func destinationRuleChecks() []validation.Check {
	return []validation.Check{
		mutualTLSWithoutPolicy(),
		mutualTLSDisabled(),
		plainTextRefused(),
	}
}

func destinationRuleOf(o *validation.Object) *networking.DestinationRule {
	return validation.SpecOf[*networking.DestinationRule](o)
}

// mutualTLSReads are the kinds that tell how the workloads of a host take connections.
func mutualTLSReads() []validation.Kind {
	return of(validation.PeerAuthentication, validation.Service, validation.ServiceEntry, validation.Pod, validation.Deployment,
		validation.StatefulSet, validation.DaemonSet, validation.IstioMeshGateway, validation.ConfigMap, validation.IstioControlPlane)
}

func mutualTLSWithoutPolicy() validation.Check {
	return validation.Check{
		ID:       "destinationrule/enabled-mtls/missing-mesh-policy",
		Severity: validation.Error,
		Message:  "missing mesh policy",
		Cause: "The DestinationRule demands mutual TLS of clients, but no PeerAuthentication of the mesh, of the namespace or of " +
			"the workload says so to servers: they take plain text from everybody. Proxyless workloads need such rules and are left out.",
		Mend: "Create a PeerAuthentication in the root namespace with the mode that the mesh should have, STRICT or PERMISSIVE; " +
			"or remove the TLS mode from the rule, as clients use mutual TLS by themselves.",
		Subjects: of(validation.DestinationRule),
		Reads:    mutualTLSReads(),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			rule := destinationRuleOf(o)
			if tlsMode(rule) != networking.ClientTLSSettings_ISTIO_MUTUAL {
				return
			}
			if servers := serversOf(v, o); servers.inMesh && servers.policy.Policy == nil && !servers.proxyless {
				report(validation.At("host", values("hostname", rule.GetHost())))
			}
		},
	}
}

func mutualTLSDisabled() validation.Check {
	return validation.Check{
		ID:       "destinationrule/enabled-mtls/disabled-by-policy",
		Severity: validation.Error,
		Message:  "clients use mutual TLS, and a PeerAuthentication disables it",
		Cause:    "The DestinationRule makes clients speak mutual TLS; the servers take plain text only. Connections fail.",
		Mend:     "Set both to the same: remove the TLS mode from the rule, or change the mode of the PeerAuthentication.",
		Subjects: of(validation.DestinationRule),
		Reads:    mutualTLSReads(),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if tlsMode(destinationRuleOf(o)) == networking.ClientTLSSettings_ISTIO_MUTUAL {
				reportPolicy(v, o, security.PeerAuthentication_MutualTLS_DISABLE, report)
			}
		},
	}
}

func plainTextRefused() validation.Check {
	return validation.Check{
		ID:       "destinationrule/disabled-mtls/strict-policy",
		Severity: validation.Error,
		Message:  "clients do not use mutual TLS, and a PeerAuthentication demands it",
		Cause:    "The DestinationRule makes clients of a service of the mesh speak plain text or TLS of their own; the servers take mutual TLS only. Connections fail.",
		Mend:     "Remove the TLS mode from the rule, or make the PeerAuthentication PERMISSIVE.",
		Subjects: of(validation.DestinationRule),
		Reads:    mutualTLSReads(),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			rule := destinationRuleOf(o)
			if rule.GetTrafficPolicy().GetTls() != nil && tlsMode(rule) != networking.ClientTLSSettings_ISTIO_MUTUAL {
				reportPolicy(v, o, security.PeerAuthentication_MutualTLS_STRICT, report)
			}
		},
	}
}

// reportPolicy reports a rule whose servers have a PeerAuthentication of the mode given.
func reportPolicy(v validation.View, o *validation.Object, mode security.PeerAuthentication_MutualTLS_Mode, report validation.Report) {
	servers := serversOf(v, o)
	if servers.inMesh && servers.policy.Policy != nil && servers.policy.Mode == mode {
		report(validation.At("trafficPolicy.tls.mode", values(
			"hostname", destinationRuleOf(o).GetHost(), "peerAuthentication", servers.policy.Policy.String())))
	}
}

func tlsMode(rule *networking.DestinationRule) networking.ClientTLSSettings_TLSmode {
	return rule.GetTrafficPolicy().GetTls().GetMode()
}

// ruleServers is what is known of the servers that a DestinationRule is about.
type ruleServers struct {
	inMesh    bool // they are workloads of the mesh, as far as is known
	proxyless bool // they are, and none has a proxy
	policy    facts.MutualTLS
}

// serversOf finds the servers of a rule's host. Hosts with wildcards stand for the whole mesh or for a namespace.
func serversOf(v validation.View, o *validation.Object) ruleServers {
	host := destinationRuleOf(o).GetHost()
	if namespace, wildcard := wildcardNamespace(host); wildcard {
		return ruleServers{inMesh: namespace != "" || host == "*.local" || host == "*.cluster.local" || host == "*.svc.cluster.local",
			policy: facts.MutualTLSOf(v, namespace, nil)}
	}
	if len(host) > 0 && host[0] == '*' {
		return ruleServers{}
	}
	found := facts.Hosts(v).Find(host, o.Namespace)
	if len(found) == 0 {
		return ruleServers{inMesh: !v.Knows(validation.Service), policy: facts.MutualTLSOf(v, o.Namespace, nil)}
	}
	h := found[0]
	if h.Object.Kind != validation.Service || len(h.Selector) == 0 {
		return ruleServers{}
	}
	servers := ruleServers{inMesh: true, policy: facts.MutualTLSOf(v, h.Namespace, h.Selector)}
	at := v.At(h.Object.Cluster)
	pods := facts.SelectedIn(at, h.Namespace, h.Selector)
	servers.proxyless = len(pods) > 0
	for _, pod := range pods {
		servers.policy = facts.MutualTLSOf(v, h.Namespace, pod.Labels)
		if !facts.Proxyless(pod) {
			servers.proxyless = false
			servers.inMesh = pod.Planned || facts.Proxy(pod) != nil || !at.Live()
			break
		}
	}
	return servers
}
