package checks

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func serviceEntryChecks() []validation.Check {
	return []validation.Check{entryWithoutEndpoints(), entryShadowsService(), duplicateEntry()}
}

func serviceEntryOf(o *validation.Object) *networking.ServiceEntry {
	return validation.SpecOf[*networking.ServiceEntry](o)
}

func entryWithoutEndpoints() validation.Check {
	return validation.Check{
		ID:       "serviceentry/endpoints/none",
		Severity: validation.Warning,
		Message:  "the ServiceEntry has no endpoints",
		Cause:    "With resolution STATIC requests go to the endpoints given, or to the pods and WorkloadEntries that the selector fits. There are none, so that requests fail with 503.",
		Mend:     "List endpoints, correct the selector, or use resolution DNS.",
		Subjects: of(validation.ServiceEntry),
		Reads:    kinds(gatewayReads(), of(validation.WorkloadEntry, validation.WorkloadGroup)),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			spec := serviceEntryOf(o)
			if spec.GetResolution() != networking.ServiceEntry_STATIC || len(spec.GetEndpoints()) > 0 {
				return
			}
			selector := spec.GetWorkloadSelector().GetLabels()
			switch {
			case len(selector) == 0 && len(spec.GetAddresses()) == 0:
				report(validation.At("endpoints", nil))
			case len(selector) > 0 && facts.KnowsPods(v) && !anywhere(v, o.Namespace, selector) && !facts.SelectsMachine(v, o.Namespace, false, selector):
				report(validation.At("workloadSelector.labels", selector))
			}
		},
	}
}

func entryShadowsService() validation.Check {
	return validation.Check{
		ID:       "serviceentry/host/shadows-service",
		Severity: validation.Warning,
		Message:  "a ServiceEntry has the host of a Service",
		Cause:    "Two definitions of one host exclude each other: proxies use one of them, and not always the same.",
		Mend:     "Remove the host from the ServiceEntry, or give it a name of its own.",
		Subjects: of(validation.ServiceEntry),
		Reads:    of(validation.Service),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, host := range serviceEntryOf(o).GetHosts() {
				for _, h := range facts.Hosts(v).Find(host, o.Namespace) {
					if h.Object.Kind == validation.Service && h.Name == host {
						report(validation.At(fmt.Sprintf("hosts[%d]", i), values("hostname", host, "service", h.Object.String())))
						break
					}
				}
			}
		},
	}
}

func duplicateEntry() validation.Check {
	return validation.Check{
		ID:       "serviceentry/host/duplicate",
		Severity: validation.Warning,
		Message:  "ServiceEntries resolve the same host and port in different ways",
		Cause:    "Proxies use one of the entries for a port of a host, and ignore the other.",
		Mend:     "Keep one entry, or give both the same resolution.",
		Subjects: of(validation.ServiceEntry),
		Reads:    of(validation.ServiceEntry),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			for i, host := range serviceEntryOf(o).GetHosts() {
				for _, h := range facts.Hosts(v).Find(host, o.Namespace) {
					other := h.Object
					if other == o || other.Kind != validation.ServiceEntry || h.Name != host || !seeEachOther(o, other) {
						continue
					}
					if serviceEntryOf(o).GetResolution() != serviceEntryOf(other).GetResolution() && sharePort(serviceEntryOf(o), serviceEntryOf(other)) {
						report(validation.At(fmt.Sprintf("hosts[%d]", i), values("hostname", host, "serviceEntry", other.String())))
					}
				}
			}
		},
	}
}

func sharePort(a, b *networking.ServiceEntry) bool {
	return slices.ContainsFunc(a.GetPorts(), func(mine *networking.ServicePort) bool {
		return slices.ContainsFunc(b.GetPorts(), func(other *networking.ServicePort) bool { return mine.GetNumber() == other.GetNumber() })
	})
}

// seeEachOther tells whether two entries are exported to a common namespace.
func seeEachOther(a, b *validation.Object) bool {
	return exported(a, b.Namespace) && exported(b, a.Namespace)
}

func exported(o *validation.Object, namespace string) bool {
	to := serviceEntryOf(o).GetExportTo()
	return len(to) == 0 || slices.ContainsFunc(to, func(target string) bool {
		return target == "*" || target == namespace || target == "." && o.Namespace == namespace
	})
}

// exporting returns the namespaces that a resource is exported to; nil for other kinds.
func exporting(o *validation.Object) []string {
	spec, ok := o.Spec.(interface{ GetExportTo() []string })
	if !ok {
		return nil
	}
	return spec.GetExportTo()
}

func exportChecks() []validation.Check {
	return []validation.Check{{
		ID:       "configuration/exportto/unknown-namespace",
		Severity: validation.Warning,
		Message:  "the resource is exported to a namespace that does not exist",
		Cause:    "exportTo lists the namespaces whose proxies see the resource. One of them does not exist in the mesh.",
		Mend:     "Correct the namespace; use \".\" for the own namespace and \"*\" for all.",
		Subjects: of(validation.VirtualService, validation.DestinationRule, validation.ServiceEntry),
		Reads:    of(validation.Namespace),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !v.Knows(validation.Namespace) {
				return
			}
			for i, namespace := range exporting(o) {
				if !strings.ContainsAny(namespace, "*.~") && !namespaceAnywhere(v, namespace) {
					report(validation.At(fmt.Sprintf("exportTo[%d]", i), values("namespace", namespace)))
				}
			}
		},
	}}
}

func namespaceAnywhere(v validation.View, name string) bool {
	return slices.ContainsFunc(v.Clusters(), func(cluster string) bool { return v.At(cluster).Get(validation.Namespace, "", name) != nil })
}
