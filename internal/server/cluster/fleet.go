package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/meshmanager/smm/internal/inventory"
)

// Fleet are the clusters of the mesh that the server knows at the moment: its own, and peers, which come and go.
type Fleet struct {
	own []*Cluster

	mu      sync.Mutex
	peers   map[string]*Cluster
	absent  map[string]string
	changed chan struct{}
}

// NewFleet returns the clusters that are there from the start, the server's own first.
func NewFleet(own ...*Cluster) *Fleet {
	return &Fleet{own: own, peers: map[string]*Cluster{}, absent: map[string]string{}, changed: make(chan struct{})}
}

// Own is the server's own cluster.
func (f *Fleet) Own() *Cluster { return f.own[0] }

// All are the clusters that can be asked, the server's own first, then by name.
func (f *Fleet) All() []*Cluster {
	f.mu.Lock()
	defer f.mu.Unlock()
	peers := slices.SortedFunc(maps.Values(f.peers), func(a, b *Cluster) int { return strings.Compare(a.Name, b.Name) })
	return append(slices.Clone(f.own), peers...)
}

// Named finds a cluster that can be asked; nil when there is none.
func (f *Fleet) Named(name string) *Cluster {
	for _, c := range f.All() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Absent are the clusters of the mesh that cannot be asked at all, with the reasons.
func (f *Fleet) Absent() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.absent)
}

// Changed returns a channel that is closed when a cluster comes or goes.
func (f *Fleet) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Join takes in a peer.
func (f *Fleet) Join(c *Cluster) { f.change(func() { f.peers[c.Name] = c; delete(f.absent, c.Name) }) }

// Miss notes why a cluster of the mesh cannot be asked.
func (f *Fleet) Miss(name, reason string) {
	f.change(func() { delete(f.peers, name); f.absent[name] = reason })
}

// Leave forgets a cluster.
func (f *Fleet) Leave(name string) {
	f.change(func() { delete(f.peers, name); delete(f.absent, name) })
}

func (f *Fleet) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
	close(f.changed)
	f.changed = make(chan struct{})
}

// Inventories tells what runs on the clusters. Of one that was not read, nothing is told.
func (f *Fleet) Inventories(ctx context.Context) ([]*inventory.Inventory, error) {
	var found []*inventory.Inventory
	var missing error
	for _, c := range f.All() {
		one, err := c.Read(ctx)
		if err != nil {
			missing = err
			continue
		}
		found = append(found, one)
	}
	if len(found) > 0 {
		missing = nil
	}
	return found, missing
}
