// Package analyzer puts the validation together: an engine with all checks, ours and Istio's.
package analyzer

import (
	"maps"
	"slices"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/checks"
	"github.com/meshmanager/smm/internal/validation/facts"
	"github.com/meshmanager/smm/internal/validation/istioanalysis"
)

//go:generate go run ../reference ../../../docs/checks.md

// New returns an engine with all checks and no objects.
func New() *validation.Engine {
	return validation.NewEngine(Checks(), facts.RevisionOf)
}

// Checks returns all checks: our own and Istio's analyzers.
func Checks() []validation.Check {
	return append(checks.All(), istioanalysis.Checks()...)
}

// Cluster is the object that stands for a cluster itself. Every cluster needs one: some checks look at it as a whole.
func Cluster(name string) *validation.Object {
	return &validation.Object{
		ID:   validation.ID{Cluster: name, Kind: validation.Cluster, Name: name},
		Spec: &validation.ClusterFacts{},
	}
}

// Kinds returns the kinds that the checks read.
func Kinds() []validation.Kind {
	known := map[validation.Kind]bool{}
	for _, check := range Checks() {
		for _, kind := range append(slices.Clone(check.Subjects), check.Reads...) {
			known[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}
