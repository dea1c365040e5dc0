package findings

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/analyzer"
	"github.com/meshmanager/smm/internal/validation/live"
)

// followed is a cluster whose objects are followed.
type followed struct {
	name     string
	follower *live.Follower
	begun    time.Time
	read     chan struct{} // closed when it was read once
}

// known tells whether the cluster was read.
func (c *followed) known() bool {
	select {
	case <-c.read:
		return true
	default:
		return false
	}
}

// await waits until the cluster was read, but not for long after it began to be: one that is away delays nobody for good.
func (c *followed) await(ctx context.Context) {
	if c.known() {
		return
	}
	limit := time.NewTimer(patience - time.Since(c.begun))
	defer limit.Stop()
	select {
	case <-c.read:
	case <-limit.C:
	case <-ctx.Done():
	}
}

func (b *Board) followed() []*followed {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.clusters)
}

func (b *Board) add(cluster live.Cluster) (*followed, error) {
	follower, err := live.NewFollower(cluster, analyzer.Kinds())
	if err != nil {
		return nil, err
	}
	c := &followed{name: cluster.Name, follower: follower, begun: time.Now(), read: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clusters = append(b.clusters, c)
	return c, nil
}

// Follow follows a further cluster until ctx ends, and then forgets it.
func (b *Board) Follow(ctx context.Context, cluster live.Cluster) error {
	c, err := b.add(cluster)
	if err != nil {
		return err
	}
	held := b.follow(ctx, c)
	b.mu.Lock()
	b.clusters = slices.DeleteFunc(b.clusters, func(other *followed) bool { return other == c })
	b.mu.Unlock()
	b.engine.Apply(validation.Change{Delete: held})
	return nil
}

// follow tells the engine of a cluster's objects until ctx ends, and returns those that it has then.
func (b *Board) follow(ctx context.Context, c *followed) []validation.ID {
	held := map[validation.ID]bool{}
	first := true
	c.follower.Run(ctx, func(change validation.Change) {
		if first {
			change.Set = append(change.Set, analyzer.Cluster(c.name))
		}
		for _, o := range change.Set {
			held[o.ID] = true
		}
		for _, id := range change.Delete {
			delete(held, id)
		}
		b.engine.Apply(change)
		if first {
			first = false
			close(c.read)
			for _, note := range c.follower.Notes() {
				b.log.WarnContext(ctx, note)
			}
		}
	})
	return slices.Collect(maps.Keys(held))
}
