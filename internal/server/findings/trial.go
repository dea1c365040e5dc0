package findings

import (
	"context"

	"github.com/meshmanager/smm/internal/validation"
)

// Try returns the findings that an object would bring if it were so: see validation.Engine.Try. It is false when the
// object's cluster was not read yet, or when time was up. One object is tried at a time.
func (b *Board) Try(ctx context.Context, o *validation.Object) ([]validation.Finding, bool) {
	if !b.read(o.Cluster) {
		return nil, false
	}
	select {
	case b.trying <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	found := make(chan []validation.Finding, 1)
	go func() { // so that nobody waits longer than ctx, whatever a check does
		defer func() { <-b.trying }()
		if all, err := b.engine.Try(ctx, o); err == nil {
			found <- all
		}
		close(found)
	}()
	select {
	case all, complete := <-found:
		return all, complete
	case <-ctx.Done():
		return nil, false
	}
}

// Has tells whether an object is known.
func (b *Board) Has(id validation.ID) bool { return b.engine.Has(id) }

// read tells whether a cluster was read.
func (b *Board) read(cluster string) bool {
	for _, c := range b.followed() {
		if c.name == cluster {
			return c.known()
		}
	}
	return false
}
