// Package checks holds our own checks, by subject. What Istio's analyzers find already is not checked again, with the
// exception of what is documented.
package checks

import (
	"slices"

	"github.com/meshmanager/smm/internal/validation"
)

// All returns our own checks, by ID.
func All() []validation.Check {
	var all []validation.Check
	for _, family := range [][]validation.Check{
		authorizationPolicyChecks(), clusterChecks(), destinationRuleChecks(), exportChecks(), gatewayAPIChecks(),
		gatewayChecks(), machineChecks(), namespaceChecks(), peerAuthenticationChecks(), podChecks(), proxyChecks(),
		selectorChecks(), serviceChecks(), serviceEntryChecks(), sidecarChecks(), subsetChecks(), virtualServiceChecks(),
	} {
		all = append(all, family...)
	}
	slices.SortFunc(all, func(a, b validation.Check) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}

// kinds is a list of kinds without doubles.
func kinds(lists ...[]validation.Kind) []validation.Kind {
	var all []validation.Kind
	for _, list := range lists {
		for _, kind := range list {
			if !slices.Contains(all, kind) {
				all = append(all, kind)
			}
		}
	}
	return all
}

// of makes a list of kinds.
func of(list ...validation.Kind) []validation.Kind { return list }

// values is the context of a fault: names and values in turn.
func values(pairs ...string) map[string]string {
	context := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		context[pairs[i]] = pairs[i+1]
	}
	return context
}
