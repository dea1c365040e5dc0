package checks

import (
	"fmt"
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func subsetChecks() []validation.Check {
	return []validation.Check{emptySubset(), subsetOfOthers(), duplicateRule(), unknownPort(), failoverWithoutDetection(), lostMutualTLS()}
}

func emptySubset() validation.Check {
	return validation.Check{
		ID:       "destinationrule/subset/no-labels",
		Severity: validation.Warning,
		Message:  "a subset has no labels and holds all workloads of the host",
		Cause:    "Without labels a subset is the whole host, so that routing to it divides nothing.",
		Mend:     "Give the subset the labels of its version.",
		Subjects: of(validation.DestinationRule),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			for i, subset := range destinationRuleOf(o).GetSubsets() {
				if len(subset.GetLabels()) == 0 && subset.GetTrafficPolicy() == nil {
					report(validation.At(fmt.Sprintf("subsets[%d]", i), values("subset", subset.GetName())))
				}
			}
		},
	}
}

func subsetOfOthers() validation.Check {
	return validation.Check{
		ID:       "destinationrule/subset/no-workload",
		Severity: validation.Error,
		Message:  "no workload of the host has the labels of a subset",
		Cause:    "Requests that are routed to the subset find no server and fail with 503. Pods with these labels exist, but in another namespace.",
		Mend:     "Correct the labels of the subset, or deploy the version that it is for.",
		Subjects: of(validation.DestinationRule),
		Reads:    append(gatewayReads(), validation.ServiceEntry),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for _, h := range facts.Hosts(v).Find(destinationRuleOf(o).GetHost(), o.Namespace) {
				if h.Object.Kind != validation.Service || len(h.Selector) == 0 {
					continue
				}
				for i, subset := range destinationRuleOf(o).GetSubsets() {
					wanted := joined(h.Selector, subset.GetLabels())
					if len(subset.GetLabels()) > 0 && !anywhere(v, h.Namespace, wanted) && len(facts.Selected(v, wanted)) > 0 {
						report(validation.At(fmt.Sprintf("subsets[%d].labels", i), values("subset", subset.GetName(), "hostname", h.Name)))
					}
				}
				return
			}
		},
	}
}

func joined(a, b map[string]string) map[string]string {
	both := make(map[string]string, len(a)+len(b))
	for key, value := range a {
		both[key] = value
	}
	for key, value := range b {
		both[key] = value
	}
	return both
}

// anywhere tells whether a namespace has pods with these labels in any cluster.
func anywhere(v validation.View, namespace string, labels map[string]string) bool {
	return slices.ContainsFunc(v.Clusters(), func(cluster string) bool {
		return len(facts.SelectedIn(v.At(cluster), namespace, labels)) > 0
	})
}

func duplicateRule() validation.Check {
	return validation.Check{
		ID:       "destinationrule/host/duplicate",
		Severity: validation.Warning,
		Message:  "another DestinationRule of the namespace is about the same host",
		Cause:    "Istio joins the subsets of both, but takes the traffic policy of one only, and of two subsets of one name one.",
		Mend:     "Put everything about one host into one DestinationRule.",
		Subjects: of(validation.DestinationRule),
		Reads:    of(validation.DestinationRule, validation.Service, validation.ServiceEntry),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for _, other := range v.In(validation.DestinationRule, o.Namespace) {
				if other != o && sameHost(v, o, other) && clash(destinationRuleOf(o), destinationRuleOf(other)) {
					report(validation.At("host", values("hostname", destinationRuleOf(o).GetHost(), "destinationRule", other.String())))
				}
			}
		},
	}
}

func sameHost(v validation.View, a, b *validation.Object) bool {
	hosts := facts.Hosts(v)
	return hosts.Qualify(destinationRuleOf(a).GetHost(), a.Namespace) == hosts.Qualify(destinationRuleOf(b).GetHost(), b.Namespace)
}

// clash tells whether two rules of one host say something about the same thing.
func clash(a, b *networking.DestinationRule) bool {
	if a.GetWorkloadSelector() != nil || b.GetWorkloadSelector() != nil {
		return false
	}
	if a.GetTrafficPolicy() != nil && b.GetTrafficPolicy() != nil {
		return true
	}
	return slices.ContainsFunc(a.GetSubsets(), func(mine *networking.Subset) bool {
		return slices.ContainsFunc(b.GetSubsets(), func(other *networking.Subset) bool { return mine.GetName() == other.GetName() })
	})
}

func unknownPort() validation.Check {
	return validation.Check{
		ID:       "destinationrule/port/unknown",
		Severity: validation.Warning,
		Message:  "a traffic policy is for a port that the host does not have",
		Cause:    "Settings of a port take effect only where the host has that port.",
		Mend:     "Use the port of the Service, not that of its pods.",
		Subjects: of(validation.DestinationRule),
		Reads:    of(validation.Service, validation.ServiceEntry),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			found := facts.Hosts(v).Find(destinationRuleOf(o).GetHost(), o.Namespace)
			if len(found) == 0 {
				return
			}
			for i, setting := range destinationRuleOf(o).GetTrafficPolicy().GetPortLevelSettings() {
				number := setting.GetPort().GetNumber()
				if !slices.ContainsFunc(found, func(h *facts.Host) bool { return hasPort(h, number) }) {
					report(validation.At(fmt.Sprintf("trafficPolicy.portLevelSettings[%d].port", i), values("port", strconv.Itoa(int(number)))))
				}
			}
		},
	}
}

func hasPort(h *facts.Host, number uint32) bool {
	return slices.ContainsFunc(h.Ports, func(port facts.Port) bool { return port.Number == number })
}

func failoverWithoutDetection() validation.Check {
	return validation.Check{
		ID:       "destinationrule/failover/no-outlier-detection",
		Severity: validation.Warning,
		Message:  "failover between localities needs outlier detection",
		Cause:    "A proxy leaves a locality only when it knows that its workloads are unhealthy, which outlier detection tells.",
		Mend:     "Add outlierDetection to the same traffic policy.",
		Subjects: of(validation.DestinationRule),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			policy := destinationRuleOf(o).GetTrafficPolicy()
			locality := policy.GetLoadBalancer().GetLocalityLbSetting()
			if len(locality.GetFailover())+len(locality.GetFailoverPriority()) > 0 && policy.GetOutlierDetection() == nil {
				report(validation.At("trafficPolicy.loadBalancer.localityLbSetting", nil))
			}
		},
	}
}

func lostMutualTLS() validation.Check {
	return validation.Check{
		ID:       "destinationrule/mtls/lost",
		Severity: validation.Warning,
		Message:  "the TLS settings of a wider DestinationRule do not apply to this host",
		Cause:    "The rule of a host replaces a rule of its namespace or of the mesh as a whole. What that says about TLS is lost.",
		Mend:     "Repeat the TLS settings in this rule.",
		Subjects: of(validation.DestinationRule),
		Reads:    of(validation.DestinationRule),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			rule := destinationRuleOf(o)
			if _, wide := wildcardNamespace(rule.GetHost()); wide || rule.GetTrafficPolicy() == nil || rule.GetTrafficPolicy().GetTls() != nil {
				return
			}
			for _, other := range v.Objects(validation.DestinationRule) {
				namespace, wide := wildcardNamespace(destinationRuleOf(other).GetHost())
				if wide && (namespace == "" || namespace == o.Namespace) && visible(other, o) && destinationRuleOf(other).GetTrafficPolicy().GetTls() != nil &&
					facts.Covers(destinationRuleOf(other).GetHost(), facts.Hosts(v).Qualify(rule.GetHost(), o.Namespace)) {
					report(validation.At("trafficPolicy", values("destinationRule", other.String())))
				}
			}
		},
	}
}

// visible tells whether a rule applies to clients in the namespace of another: it is there, or in the root namespace.
func visible(wide, rule *validation.Object) bool {
	return wide.Namespace == rule.Namespace || wide.Namespace == "istio-system"
}
