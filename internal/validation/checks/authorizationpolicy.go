package checks

import (
	"fmt"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func authorizationPolicyChecks() []validation.Check {
	return []validation.Check{
		unknownMethod(), unknownPolicyHost(), identityWithoutMutualTLS(), tokenWithoutAuthentication(), unknownPrincipal(), unknownTrustDomain(),
	}
}

func authorizationPolicyOf(o *validation.Object) *security.AuthorizationPolicy {
	return validation.SpecOf[*security.AuthorizationPolicy](o)
}

func unknownMethod() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/method/unknown",
		Severity: validation.Error,
		Message:  "this is no HTTP method",
		Cause:    "The rule never fits a request: methods are those of HTTP, in upper case. Calls of gRPC are POST, and are told by their path.",
		Mend:     "Use a method such as GET; for gRPC use paths such as /package.Service/Method.",
		Subjects: of(validation.AuthorizationPolicy),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			eachOperation(o, func(field string, operation *security.Operation) {
				for k, method := range operation.GetMethods() {
					if !isMethod(method) {
						report(validation.At(fmt.Sprintf("%s.methods[%d]", field, k), values("method", method)))
					}
				}
			})
		},
	}
}

func isMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH":
		return true
	}
	// Servers may know other methods, such as those of WebDAV; what is not written in capitals is a mistake.
	return strings.Contains(method, "*") || method == strings.ToUpper(method) && !strings.ContainsAny(method, "/. ")
}

func eachOperation(o *validation.Object, do func(field string, operation *security.Operation)) {
	for i, rule := range authorizationPolicyOf(o).GetRules() {
		for j, to := range rule.GetTo() {
			do(fmt.Sprintf("rules[%d].to[%d].operation", i, j), to.GetOperation())
		}
	}
}

func eachSource(o *validation.Object, do func(field string, source *security.Source)) {
	for i, rule := range authorizationPolicyOf(o).GetRules() {
		for j, from := range rule.GetFrom() {
			do(fmt.Sprintf("rules[%d].from[%d].source", i, j), from.GetSource())
		}
	}
}

func unknownPolicyHost() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/host/unknown",
		Severity: validation.Warning,
		Message:  "no service, gateway or route of the mesh has this host",
		Cause:    "The rule fits requests whose Host header has this value; nothing in the mesh is called so.",
		Mend:     "Write the host as clients send it, with its port if they send one.",
		Subjects: of(validation.AuthorizationPolicy),
		Reads: of(validation.Service, validation.ServiceEntry, validation.VirtualService, validation.Gateway,
			validation.KubernetesGateway, validation.HTTPRoute),
		Across: true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.KnowsAny(validation.Service, validation.ServiceEntry) || len(v.Objects(validation.KubernetesGateway)) > 0 {
				return
			}
			eachOperation(o, func(field string, operation *security.Operation) {
				for k, host := range operation.GetHosts() {
					name, _, _ := strings.Cut(host, ":")
					if !strings.Contains(name, "*") && !knownHost(v, o, name) {
						report(validation.At(fmt.Sprintf("%s.hosts[%d]", field, k), values("hostname", host)))
					}
				}
			})
		},
	}
}

func knownHost(v validation.View, o *validation.Object, name string) bool {
	if len(facts.Hosts(v).Find(name, o.Namespace)) > 0 {
		return true
	}
	for _, vs := range v.Objects(validation.VirtualService) {
		if slices.ContainsFunc(virtualServiceOf(vs).GetHosts(), func(host string) bool { return facts.Covers(host, name) }) {
			return true
		}
	}
	for _, gateway := range v.Objects(validation.Gateway) {
		for _, server := range gatewayOf(gateway).GetServers() {
			if slices.ContainsFunc(server.GetHosts(), func(host string) bool {
				return host != "*" && facts.Covers(host[strings.LastIndex(host, "/")+1:], name)
			}) {
				return true
			}
		}
	}
	return false
}

func identityWithoutMutualTLS() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/source/needs-mtls",
		Severity: validation.Error,
		Message:  "the source needs mutual TLS, which a PeerAuthentication disables here",
		Cause:    "Principals, namespaces and service accounts of clients are known from their certificates only. Without mutual TLS the rule never fits.",
		Mend:     "Allow mutual TLS for the workload, or tell clients by their addresses.",
		Subjects: of(validation.AuthorizationPolicy),
		Reads:    of(validation.PeerAuthentication, validation.ConfigMap, validation.Deployment, validation.IstioControlPlane),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			policy := facts.MutualTLSOf(v, o.Namespace, authorizationPolicyOf(o).GetSelector().GetMatchLabels())
			if policy.Policy == nil || policy.Mode != security.PeerAuthentication_MutualTLS_DISABLE {
				return
			}
			eachSource(o, func(field string, source *security.Source) {
				if len(source.GetPrincipals())+len(source.GetNamespaces())+len(source.GetServiceAccounts())+
					len(source.GetNotPrincipals())+len(source.GetNotNamespaces())+len(source.GetNotServiceAccounts()) > 0 {
					report(validation.At(field, values("peerAuthentication", policy.Policy.String())))
				}
			})
			eachCondition(o, func(field string, condition *security.Condition) {
				if needsIdentity(condition) {
					report(validation.At(field, values("peerAuthentication", policy.Policy.String())))
				}
			})
		},
	}
}

func unknownPrincipal() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/principal/unknown",
		Severity: validation.Warning,
		Message:  "no cluster of the mesh has the service account of this principal",
		Cause:    "The rule is for a client that does not exist.",
		Mend:     "Principals are <trust domain>/ns/<namespace>/sa/<service account>: correct namespace and name.",
		Subjects: of(validation.AuthorizationPolicy),
		Reads:    of(validation.ServiceAccount),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.ServiceAccount) {
				return
			}
			eachPrincipal(o, func(field string, p principal) {
				if p.complete && !accountAnywhere(v, p.namespace, p.account) {
					report(validation.At(field, values("principal", p.text)))
				}
			})
		},
	}
}

func accountAnywhere(v validation.View, namespace, name string) bool {
	return slices.ContainsFunc(v.Clusters(), func(cluster string) bool {
		at := v.At(cluster)
		return !at.Knows(validation.ServiceAccount) || at.Get(validation.ServiceAccount, namespace, name) != nil ||
			name == "default" && at.Get(validation.Namespace, "", namespace) != nil
	})
}

func unknownTrustDomain() validation.Check {
	return validation.Check{
		ID:       "authorizationpolicy/principal/trust-domain",
		Severity: validation.Error,
		Message:  "the trust domain of this principal is none of the mesh",
		Cause:    "Identities begin with the trust domain of their mesh. The rule never fits.",
		Mend:     "Use the mesh's trust domain, cluster.local unless set otherwise, or add this one to trustDomainAliases.",
		Subjects: of(validation.AuthorizationPolicy),
		Reads:    of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			known := trustDomains(v)
			if len(known) == 0 {
				return
			}
			eachPrincipal(o, func(field string, p principal) {
				if p.complete && p.trustDomain != facts.Domain && !slices.Contains(known, p.trustDomain) {
					report(validation.At(field, values("principal", p.text, "trustDomain", p.trustDomain)))
				}
			})
		},
	}
}

// trustDomains are those of all control planes of the mesh, with their aliases; none when no control plane is known.
func trustDomains(v validation.View) []string {
	var known []string
	for _, cluster := range v.Clusters() {
		for _, plane := range facts.ControlPlanes(v.At(cluster)) {
			known = append(append(known, plane.Mesh.GetTrustDomain()), plane.Mesh.GetTrustDomainAliases()...)
		}
	}
	return known
}

// principal is one principal of a policy. complete tells that it names one service account, without wildcards.
type principal struct {
	text, trustDomain, namespace, account string
	complete                              bool
}

func eachPrincipal(o *validation.Object, do func(field string, p principal)) {
	eachSource(o, func(field string, source *security.Source) {
		for k, text := range source.GetPrincipals() {
			do(fmt.Sprintf("%s.principals[%d]", field, k), parsePrincipal(text))
		}
		for k, text := range source.GetServiceAccounts() {
			namespace, account, qualified := strings.Cut(text, "/")
			if !qualified {
				namespace, account = o.Namespace, text
			}
			do(fmt.Sprintf("%s.serviceAccounts[%d]", field, k), principal{
				text: text, trustDomain: facts.Domain, namespace: namespace, account: account, complete: !strings.Contains(text, "*"),
			})
		}
	})
	eachCondition(o, func(field string, condition *security.Condition) {
		if condition.GetKey() == "source.principal" {
			for k, text := range condition.GetValues() {
				do(fmt.Sprintf("%s.values[%d]", field, k), parsePrincipal(text))
			}
		}
	})
}

func parsePrincipal(text string) principal {
	p := principal{text: text}
	parts := strings.Split(strings.TrimPrefix(text, "spiffe://"), "/")
	if len(parts) == 5 && parts[1] == "ns" && parts[3] == "sa" && !strings.Contains(text, "*") {
		p.trustDomain, p.namespace, p.account, p.complete = parts[0], parts[2], parts[4], true
	}
	return p
}
