// Package istioanalysis makes Istio's own analyzers, those of istioctl analyze, checks of a validation.Engine.
package istioanalysis

import (
	"slices"
	"strings"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/analysis"
	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/resource"
	"istio.io/istio/pkg/config/schema/gvk"
	istiolog "istio.io/istio/pkg/log"

	"github.com/meshmanager/smm/internal/validation"
)

// Prefix is what the IDs of these checks begin with: istio/IST0101.
const Prefix = "istio/"

// acrossClusters is the analyzer that compares the services of clusters.
const acrossClusters = "services.MultiClusterServiceAnalyzer"

// Checks returns one check for each of Istio's analyzers.
func Checks() []validation.Check {
	quiet()
	var checks []validation.Check
	for _, analyzer := range analyzers.All() {
		checks = append(checks, check(analyzer))
	}
	return checks
}

func check(analyzer analysis.Analyzer) validation.Check {
	metadata := analyzer.Metadata()
	kinds := kindsOf(metadata.Inputs)
	c := validation.Check{ID: Prefix + metadata.Name, Severity: validation.Warning, Message: metadata.Description}
	switch {
	case metadata.Name == acrossClusters:
		c.Subjects, c.Reads, c.Across = []validation.Kind{validation.Cluster}, kinds, true
		c.Run = func(v validation.View, o *validation.Object, report validation.Report) {
			if clusters := v.Clusters(); len(clusters) > 1 && clusters[0] == o.Cluster {
				analyzer.Analyze(&context{view: v, across: true, report: report, subject: o})
			}
		}
	case local(metadata.Name):
		c.Subjects = kinds
		c.Run = func(v validation.View, o *validation.Object, report validation.Report) {
			if !ignored(o) {
				analyzer.Analyze(&context{view: v, only: o, report: report, subject: o})
			}
		}
	default:
		c.Subjects, c.Reads = []validation.Kind{validation.Cluster}, withFilters(withSources(kinds))
		c.Across = slices.Contains(kinds, validation.Service)
		c.Run = func(v validation.View, o *validation.Object, report validation.Report) {
			told := &context{view: v, report: report, subject: o}
			for _, message := range messages(v, analyzer, kinds) {
				told.Report(config.GroupVersionKind{}, message)
			}
		}
	}
	return c
}

// local tells whether an analyzer looks at one object at a time, so that a change of one runs it on that one only.
func local(name string) bool {
	switch name {
	case "annotations.K8sAnalyzer", "conditions.ConditionAnalyzer", "deprecation.DeprecationAnalyzer",
		"destinationrule.CaCertificateAnalyzer", "envoyfilter.EnvoyPatchAnalyzer", "service.PortNameAnalyzer",
		"applicationUID.Analyzer", "k8sgateway.CRDVersionAnalyzer":
		return true
	}
	return strings.HasPrefix(name, "schema.ValidationAnalyzer.")
}

// withSources adds the kinds that pods, Services and the mesh config are derived from.
func withSources(kinds []validation.Kind) []validation.Kind {
	reads := slices.Clone(kinds)
	add := func(more ...validation.Kind) {
		for _, kind := range more {
			if !slices.Contains(reads, kind) {
				reads = append(reads, kind)
			}
		}
	}
	if slices.Contains(kinds, validation.Pod) || slices.Contains(kinds, validation.Service) {
		add(validation.Pod, validation.Deployment, validation.StatefulSet, validation.DaemonSet, validation.IstioMeshGateway, validation.Service)
	}
	if slices.Contains(kinds, meshConfig) || slices.Contains(kinds, meshNetworks) {
		add(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane)
	}
	if slices.Contains(kinds, validation.Secret) {
		add(validation.Certificate)
	}
	return reads
}

// withFilters adds the kinds that tell which messages are true: a change of these needs no new analysis.
func withFilters(kinds []validation.Kind) []validation.Kind {
	if slices.Contains(kinds, validation.DestinationRule) && slices.Contains(kinds, validation.Pod) && !slices.Contains(kinds, validation.VirtualService) {
		return append(slices.Clone(kinds), validation.VirtualService) // see unusedSubset
	}
	return kinds
}

// messages are what an analyzer says of a cluster, until something that it reads changes.
func messages(v validation.View, analyzer analysis.Analyzer, kinds []validation.Kind) []diag.Message {
	analyze := func(v validation.View) []diag.Message {
		c := &collector{context: context{view: v}}
		groups, grouped := compared(analyzer.Metadata().Name, func() []*resource.Instance { return c.instances(gvk.Gateway) })
		if !grouped {
			analyzer.Analyze(c)
		}
		for _, c.gateways = range groups {
			analyzer.Analyze(c)
		}
		return c.messages
	}
	name := "messages of " + analyzer.Metadata().Name
	if slices.Contains(kinds, validation.Service) {
		return validation.DerivedAcross(v, name+" in "+v.Cluster, withSources(kinds), analyze)
	}
	return validation.Derived(v, name, withSources(kinds), analyze)
}

// collector is a context that keeps what an analyzer says.
type collector struct {
	context
	messages []diag.Message
}

// Report keeps a message.
func (c *collector) Report(_ config.GroupVersionKind, message diag.Message) {
	c.messages = append(c.messages, message)
}

// The kinds of Istio's that are no objects of a cluster.
const (
	meshConfig   validation.Kind = "meshconfig"
	meshNetworks validation.Kind = "meshnetworks"
)

func kindsOf(inputs []config.GroupVersionKind) []validation.Kind {
	kinds := make([]validation.Kind, len(inputs))
	for i, input := range inputs {
		kinds[i] = kindOf(input)
	}
	return kinds
}

func kindOf(gvk config.GroupVersionKind) validation.Kind {
	if gvk.Group == "" {
		return validation.Kind(strings.ToLower(gvk.Kind))
	}
	return validation.Kind(strings.ToLower(gvk.Kind) + "." + gvk.Group)
}

// quiet keeps Istio's code from writing to the standard output: what it finds is in the findings.
func quiet() {
	for _, scope := range istiolog.Scopes() {
		scope.SetOutputLevel(istiolog.NoneLevel)
	}
}
