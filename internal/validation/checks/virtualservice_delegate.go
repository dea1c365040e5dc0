package checks

import (
	"fmt"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

// delegation is one rule that hands its requests to another VirtualService.
type delegation struct {
	field           string
	namespace, name string
	target          *validation.Object // nil when there is none of that name
}

func delegations(v validation.View, o *validation.Object) []delegation {
	var found []delegation
	for i, route := range virtualServiceOf(o).GetHttp() {
		delegate := route.GetDelegate()
		if delegate == nil {
			continue
		}
		d := delegation{field: fmt.Sprintf("http[%d].delegate", i), namespace: delegate.GetNamespace(), name: delegate.GetName()}
		if d.namespace == "" {
			d.namespace = o.Namespace
		}
		d.target = v.Get(validation.VirtualService, d.namespace, d.name)
		found = append(found, d)
	}
	return found
}

func delegateMissing() validation.Check {
	return delegateCheck(validation.Check{
		ID:      "virtualservice/delegate/missing",
		Message: "the VirtualService that a rule delegates to does not exist",
		Cause:   "Requests that fit the rule have nowhere to go: Istio leaves the rule out.",
		Mend:    "Correct name and namespace of the delegate, or create it.",
	}, func(_ validation.View, _ *validation.Object, d delegation) bool { return d.target == nil })
}

func delegateNested() validation.Check {
	return delegateCheck(validation.Check{
		ID:      "virtualservice/delegate/nested",
		Message: "a delegate delegates further",
		Cause:   "Istio follows one level of delegation; the rules behind it are left out. This is also so where delegates form a circle.",
		Mend:    "Let the first VirtualService name the last delegate itself.",
	}, func(v validation.View, _ *validation.Object, d delegation) bool {
		return d.target != nil && len(delegations(v, d.target)) > 0
	})
}

func delegateWithHosts() validation.Check {
	return delegateCheck(validation.Check{
		ID:      "virtualservice/delegate/has-hosts",
		Message: "a VirtualService with hosts cannot be a delegate",
		Cause:   "A delegate gets its hosts from the VirtualService that names it. One with hosts of its own is not taken as a delegate.",
		Mend:    "Remove hosts and gateways from the delegate.",
	}, func(_ validation.View, _ *validation.Object, d delegation) bool {
		return d.target != nil && len(virtualServiceOf(d.target).GetHosts()) > 0
	})
}

func delegateCheck(check validation.Check, fault func(validation.View, *validation.Object, delegation) bool) validation.Check {
	check.Severity = validation.Error
	check.Subjects, check.Reads = of(validation.VirtualService), of(validation.VirtualService)
	check.Run = func(v validation.View, o *validation.Object, report validation.Report) {
		for _, d := range delegations(v, o) {
			if fault(v, o, d) {
				report(validation.At(d.field, values("delegate", d.namespace+"/"+d.name)))
			}
		}
	}
	return check
}

func delegateUnused() validation.Check {
	return validation.Check{
		ID:       "virtualservice/delegate/unused",
		Severity: validation.Warning,
		Message:  "VirtualService without hosts that nothing delegates to",
		Cause:    "A VirtualService without hosts takes effect only where another one delegates to it.",
		Mend:     "Delegate to it, give it hosts, or remove it.",
		Subjects: of(validation.VirtualService),
		Reads:    of(validation.VirtualService),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if len(virtualServiceOf(o).GetHosts()) == 0 && !delegates(v)[o] {
				report(validation.At("hosts", nil))
			}
		},
	}
}

// delegates are the VirtualServices that others delegate to.
func delegates(v validation.View) map[*validation.Object]bool {
	return validation.Derived(v, "delegates", of(validation.VirtualService), func(v validation.View) map[*validation.Object]bool {
		found := map[*validation.Object]bool{}
		for _, o := range v.Objects(validation.VirtualService) {
			if hasDelegate(virtualServiceOf(o)) {
				for _, d := range delegations(v, o) {
					found[d.target] = true
				}
			}
		}
		return found
	})
}

func hasDelegate(spec *networking.VirtualService) bool {
	for _, route := range spec.GetHttp() {
		if route.GetDelegate() != nil {
			return true
		}
	}
	return false
}
