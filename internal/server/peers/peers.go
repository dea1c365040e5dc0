// Package peers tells the server which other clusters its mesh has.
package peers

import (
	"context"

	"k8s.io/client-go/rest"
)

// Peer is another cluster of the mesh: how it is reached, or why it cannot be.
type Peer struct {
	Name string
	// Config is nil when there is a problem.
	Config  *rest.Config
	Problem string
	// Fingerprint tells a peer that is reached in another way.
	Fingerprint string
}

// Source tells all peers, at first and each time after something changed, until ctx ends.
type Source func(ctx context.Context, tell func([]Peer)) error

// Fixed are peers that are known from the start.
func Fixed(all []Peer) Source {
	return func(ctx context.Context, tell func([]Peer)) error {
		tell(all)
		<-ctx.Done()
		return nil
	}
}
