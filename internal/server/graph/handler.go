package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// maxDepth bounds how deep a query may nest; the dashboard's deepest has 8 levels, introspection 13.
	maxDepth = 15
	// cachedQueries is how many parsed queries are kept.
	cachedQueries = 500
	// keepAlive is how often a subscription without news says that it is there.
	keepAlive = 10 * time.Second
)

// NewHandler returns the API's HTTP handler: queries and mutations by POST, subscriptions by server-sent events.
func NewHandler(resolver *Resolver) http.Handler {
	config := Config{Resolvers: resolver}
	weigh(&config.Complexity)
	server := handler.New(NewExecutableSchema(config))
	server.AddTransport(transport.SSE{KeepAlivePingInterval: keepAlive})
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](cachedQueries))
	server.Use(extension.Introspection{})
	server.Use(extension.FixedComplexityLimit(maxCost))
	server.Use(depthLimit(maxDepth))
	server.AroundResponses(perAnswer)
	server.SetErrorPresenter(present(resolver.Log))
	server.SetRecoverFunc(func(ctx context.Context, failure any) error {
		resolver.Log.ErrorContext(ctx, "a resolver panicked", "panic", fmt.Sprint(failure))
		return errors.New("something went wrong here; the server's log has the details")
	})
	return server
}

// present tells users what they can act on. What is between the server and its clusters stays in the log.
func present(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		presented := graphql.DefaultErrorPresenter(ctx, err)
		var status apierrors.APIStatus
		if errors.As(err, &status) {
			presented.Message = status.Status().Message
			presented.Extensions = map[string]any{"code": string(status.Status().Reason)}
		}
		if errors.Is(err, context.DeadlineExceeded) {
			presented.Message = "the cluster did not answer in time"
		}
		log.DebugContext(ctx, "answered with an error", "error", err)
		return presented
	}
}

// depthLimit refuses queries that nest deeper.
type depthLimit int

// ExtensionName names the extension.
func (depthLimit) ExtensionName() string { return "DepthLimit" }

// Validate has nothing to check.
func (depthLimit) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses an operation that is too deep.
func (d depthLimit) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	if depth := depthOf(operation.Operation.SelectionSet, int(d)+1); depth > int(d) {
		return gqlerror.Errorf("the query is nested more than %d levels deep", int(d))
	}
	return nil
}

// depthOf is how deep a selection nests, counted up to a limit: fragments cannot be circular in a valid query, but they
// can be many.
func depthOf(set ast.SelectionSet, limit int) int {
	if len(set) == 0 || limit <= 0 {
		return 0
	}
	deepest := 0
	for _, selection := range set {
		depth := 0
		switch s := selection.(type) {
		case *ast.Field:
			depth = 1 + depthOf(s.SelectionSet, limit-1)
		case *ast.InlineFragment:
			depth = depthOf(s.SelectionSet, limit)
		case *ast.FragmentSpread:
			depth = depthOf(s.Definition.SelectionSet, limit)
		}
		if deepest = max(deepest, depth); deepest >= limit {
			break
		}
	}
	return deepest
}
