package checks

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// selecting is a kind of resource that selects workloads of its namespace, or of the mesh in the root namespace.
type selecting struct {
	kind  validation.Kind
	name  string
	field string
	of    func(*validation.Object) map[string]string
}

func selectingKinds() []selecting {
	matchLabels := func(o *validation.Object) map[string]string {
		spec, ok := o.Spec.(interface {
			GetSelector() *typev1beta1.WorkloadSelector
		})
		if !ok {
			return nil
		}
		return spec.GetSelector().GetMatchLabels()
	}
	return []selecting{
		{validation.PeerAuthentication, "PeerAuthentication", "selector.matchLabels", matchLabels},
		{validation.RequestAuthentication, "RequestAuthentication", "selector.matchLabels", matchLabels},
		{validation.WasmPlugin, "WasmPlugin", "selector.matchLabels", matchLabels},
		{validation.ProxyConfig, "ProxyConfig", "selector.matchLabels", matchLabels},
		{validation.EnvoyFilter, "EnvoyFilter", "workloadSelector.labels", envoyFilterSelector},
		{validation.DestinationRule, "DestinationRule", "workloadSelector.matchLabels", func(o *validation.Object) map[string]string {
			return destinationRuleOf(o).GetWorkloadSelector().GetMatchLabels()
		}},
	}
}

// selectorChecks make one check for each kind: Istio checks the selectors of the other kinds.
func selectorChecks() []validation.Check {
	var checks []validation.Check
	for _, s := range selectingKinds() {
		checks = append(checks, validation.Check{
			ID:       strings.ToLower(s.name) + "/selector/no-workload",
			Severity: validation.Warning,
			Message:  "the selector fits no workload",
			Cause:    "A " + s.name + " with a selector applies to workloads of its own namespace, or of all namespaces when it is in the root namespace. None has these labels.",
			Mend:     "Correct the labels or the namespace, or remove the resource.",
			Subjects: of(s.kind),
			Reads:    kinds(gatewayReads(), of(validation.WorkloadEntry, validation.WorkloadGroup, validation.ConfigMap, validation.IstioControlPlane)),
			Across:   true,
			Run: func(v validation.View, o *validation.Object, report validation.Report) {
				if selector := s.of(o); len(selector) > 0 && facts.KnowsPods(v) && !selects(v, o, selector) {
					report(validation.At(s.field, selector))
				}
			},
		})
	}
	return checks
}

// selects tells whether a selector fits a pod, WorkloadEntry or WorkloadGroup of any cluster.
func selects(v validation.View, o *validation.Object, selector map[string]string) bool {
	everywhere := o.Namespace == facts.RootNamespace(v)
	for _, cluster := range v.Clusters() {
		at := v.At(cluster)
		if everywhere && len(facts.Selected(at, selector)) > 0 || len(facts.SelectedIn(at, o.Namespace, selector)) > 0 {
			return true
		}
		if facts.SelectsMachine(at, o.Namespace, everywhere, selector) {
			return true
		}
	}
	return false
}

func envoyFilterSelector(o *validation.Object) map[string]string {
	return validation.SpecOf[*networking.EnvoyFilter](o).GetWorkloadSelector().GetLabels()
}
