package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// selects tells whether the query asks for one of the names below a path from the field that is being answered.
func selects(ctx context.Context, path []string, names ...string) bool {
	if !graphql.HasOperationContext(ctx) || graphql.GetFieldContext(ctx) == nil {
		return false
	}
	operation := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFieldsCtx(ctx, nil)
	for _, step := range path {
		var below []graphql.CollectedField
		for _, field := range fields {
			if field.Name == step {
				below = append(below, graphql.CollectFields(operation, field.Selections, nil)...)
			}
		}
		fields = below
	}
	return slices.ContainsFunc(fields, func(field graphql.CollectedField) bool { return slices.Contains(names, field.Name) })
}

// quantilesOf are the quantiles of latencies that the query asks for below a path.
func quantilesOf(ctx context.Context, path ...string) []float64 {
	var quantiles []float64
	for _, known := range []struct {
		field    string
		quantile float64
	}{{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}} {
		if selects(ctx, path, known.field) {
			quantiles = append(quantiles, known.quantile)
		}
	}
	return quantiles
}
