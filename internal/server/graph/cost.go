package graph

import "github.com/meshmanager/smm/internal/server/graph/model"

const (
	// maxCost bounds what a query may cost: about the number of values in its answer.
	maxCost = 50_000
	// listCost is what a list without pages counts for.
	listCost = 50
)

// weigh sets what the fields that answer with lists cost: what one element costs, times their number.
func weigh(root *ComplexityRoot) {
	paged := func(child int, first *int) int {
		size := defaultPage
		if first != nil {
			size = *first
		}
		return 1 + child*max(size, 1)
	}
	root.Query.Services = func(child int, _ *model.Filter, first *int, _ *string) int { return paged(child, first) }
	root.Query.Workloads = func(child int, _ *model.Filter, first *int, _ *string) int { return paged(child, first) }
	root.Query.Resources = func(child int, _ []string, _ *model.Filter, first *int, _ *string) int { return paged(child, first) }
	root.Query.Namespaces = func(child int, _ *string) int { return 1 + listCost*child }
	root.Query.Gateways = func(child int, _ *model.Filter) int { return 1 + listCost*child }
	root.Query.Findings = func(child int, _ *model.Filter, _ *model.Severity) int { return 1 + listCost*child }
	root.Query.Health = func(child int, _ *model.Filter, _ *string) int { return 1 + listCost*child }
	root.Query.Nodes = func(child int, _ *string) int { return 1 + listCost*child }
	root.Query.TrustBundles = func(child int) int { return 1 + child }
	root.ControlPlane.Proxies = func(child int) int { return 1 + listCost*child }
	root.Query.Events = func(child int, _ string) int { return 1 + listCost*child }
}
