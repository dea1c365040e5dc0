package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/server/cluster"
)

// clusterPatience bounds how long one cluster of several may take for its part of an answer.
const clusterPatience = 3 * time.Second

// ofEach asks the clusters, or those of them that are named, side by side. One that cannot be asked is left out, and clusters
// says why; when none can, that is the error.
func ofEach[T any](ctx context.Context, r *Resolver, named []string, ask func(context.Context, *cluster.Cluster) (T, error)) ([]T, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	var asked []*cluster.Cluster
	for _, c := range r.Clusters.All() {
		if matchesAny(named, c.Name) {
			asked = append(asked, c)
		}
	}
	type answer struct {
		found T
		err   error
	}
	answers := make([]answer, len(asked))
	var group sync.WaitGroup
	for i, c := range asked {
		group.Go(func() {
			answers[i].found, answers[i].err = askOne(ctx, c, len(asked) > 1, ask)
			if answers[i].err != nil {
				r.Log.DebugContext(ctx, "a cluster is left out", "cluster", c.Name, "error", answers[i].err)
			}
		})
	}
	group.Wait()
	var all []T
	var failed error
	for _, a := range answers {
		if a.err != nil {
			failed = a.err
			continue
		}
		all = append(all, a.found)
	}
	if len(all) == 0 && failed != nil {
		return nil, failed
	}
	return all, nil
}

// listOfEach asks as ofEach does and joins what the clusters list. It is never nil without an error.
func listOfEach[T any](ctx context.Context, r *Resolver, named []string, list func(context.Context, *cluster.Cluster) ([]T, error)) ([]T, error) {
	lists, err := ofEach(ctx, r, named, list)
	if err != nil {
		return nil, err
	}
	return append([]T{}, slices.Concat(lists...)...), nil
}

// askOne asks a cluster. Of several, one that is known to be away is not asked, and one that takes too long is doubted.
func askOne[T any](ctx context.Context, c *cluster.Cluster, several bool, ask func(context.Context, *cluster.Cluster) (T, error)) (T, error) {
	if !several {
		return ask(ctx, c)
	}
	var none T
	if state := c.State(ctx); !state.Reachable {
		return none, fmt.Errorf("cluster %s: %w: %s", c.Name, cluster.ErrUnreachable, state.Problem)
	}
	limited, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	found, err := ask(limited, c)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		c.Doubt(context.DeadlineExceeded)
	}
	return found, err
}
