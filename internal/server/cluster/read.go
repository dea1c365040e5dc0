package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/inventory"
)

// readPatience is how long after the start somebody waits for an inventory that was not read yet.
const readPatience = 5 * time.Second

// reading is how far a cluster's inventory was read.
type reading struct {
	once  sync.Once
	done  chan struct{} // closed when everything was read once
	begun time.Time     // the lock of the cluster's reach guards it
}

// Read returns what runs on the cluster, as far as the product's own rights show it. At the start, it waits a moment.
func (c *Cluster) Read(ctx context.Context) (*inventory.Inventory, error) {
	c.reach.mu.Lock()
	begun := c.reading.begun
	if begun.IsZero() {
		begun = time.Now()
	}
	c.reach.mu.Unlock()
	select {
	case <-c.reading.done:
		return c.Inventory.Inventory(ctx)
	default:
	}
	limit := time.NewTimer(readPatience - time.Since(begun))
	defer limit.Stop()
	select {
	case <-c.reading.done:
		return c.Inventory.Inventory(ctx)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-limit.C:
		return nil, fmt.Errorf("what runs on cluster %s was not read yet", c.Name)
	}
}

// noteRead notes when everything was read.
func (c *Cluster) noteRead(ctx context.Context) {
	c.reach.mu.Lock()
	c.reading.begun = time.Now()
	c.reach.mu.Unlock()
	if c.Inventory.Synced(ctx) {
		c.reading.once.Do(func() { close(c.reading.done) })
	}
}
