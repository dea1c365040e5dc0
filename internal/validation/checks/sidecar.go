package checks

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func sidecarChecks() []validation.Check {
	return []validation.Check{unknownEgressHost(), rootSidecarSelector()}
}

func sidecarOf(o *validation.Object) *networking.Sidecar {
	return validation.SpecOf[*networking.Sidecar](o)
}

func unknownEgressHost() validation.Check {
	return validation.Check{
		ID:       "sidecar/egress/unknown-host",
		Severity: validation.Warning,
		Message:  "an egress host of the Sidecar does not exist",
		Cause:    "The Sidecar lets workloads reach the hosts that it lists. No Service and no ServiceEntry has this one in the namespace given.",
		Mend:     "Write hosts as <namespace>/<full host name>, with \".\" for the own namespace and \"*\" for all.",
		Subjects: of(validation.Sidecar),
		Reads:    kinds(gatewayReads(), of(validation.ServiceEntry, validation.Namespace, validation.VirtualService)),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.KnowsAny(validation.Service, validation.ServiceEntry) {
				return
			}
			for i, egress := range sidecarOf(o).GetEgress() {
				for j, host := range egress.GetHosts() {
					namespace, name, found := strings.Cut(host, "/")
					if found && namespace != "~" && !egressExists(v, o, namespace, name) {
						report(validation.At(fmt.Sprintf("egress[%d].hosts[%d]", i, j), values("hostname", host)))
					}
				}
			}
		},
	}
}

func egressExists(v validation.View, o *validation.Object, namespace, name string) bool {
	if namespace == "." {
		namespace = o.Namespace
	}
	if name == "*" { // an empty namespace is no mistake, one that does not exist is
		return namespace == "*" || !v.Knows(validation.Namespace) || namespaceAnywhere(v, namespace)
	}
	for _, h := range facts.Hosts(v).Find(name, o.Namespace) {
		if namespace == "*" || h.Namespace == namespace {
			return true
		}
	}
	for _, vs := range v.Objects(validation.VirtualService) { // hosts that only routes define
		for _, host := range virtualServiceOf(vs).GetHosts() {
			if (namespace == "*" || vs.Namespace == namespace) && facts.Overlap(host, name) {
				return true
			}
		}
	}
	return false
}

func rootSidecarSelector() validation.Check {
	return validation.Check{
		ID:       "sidecar/root/selector",
		Severity: validation.Warning,
		Message:  "a Sidecar of the root namespace with a selector is no default of the mesh",
		Cause:    "A Sidecar in the root namespace applies to all namespaces when it has no selector. With one it applies to workloads of the root namespace only.",
		Mend:     "Remove the selector, or put the Sidecar into the namespace of the workloads.",
		Subjects: of(validation.Sidecar),
		Reads:    of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane, validation.Pod),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			selector := sidecarOf(o).GetWorkloadSelector().GetLabels()
			if o.Namespace == facts.RootNamespace(v) && len(selector) > 0 && len(facts.SelectedIn(v, o.Namespace, selector)) == 0 {
				report(validation.At("workloadSelector", selector))
			}
		},
	}
}
