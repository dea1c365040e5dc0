package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// request keeps what is the same for all fields of one answer: what the user may see of each cluster.
type request struct {
	mu    sync.Mutex
	views map[string]*pendingView
}

type pendingView struct {
	once sync.Once
	view *view
	err  error
}

type requestKey struct{}

// perAnswer gives every answer, also each one of a subscription, a request of its own.
func perAnswer(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(context.WithValue(ctx, requestKey{}, &request{views: map[string]*pendingView{}}))
}

// once computes a view once for each cluster and answer.
func once(ctx context.Context, cluster string, compute func() (*view, error)) (*view, error) {
	r, found := ctx.Value(requestKey{}).(*request)
	if !found { // of a subscription, before its first answer
		return compute()
	}
	r.mu.Lock()
	pending := r.views[cluster]
	if pending == nil {
		pending = &pendingView{}
		r.views[cluster] = pending
	}
	r.mu.Unlock()
	pending.once.Do(func() { pending.view, pending.err = compute() })
	return pending.view, pending.err
}
