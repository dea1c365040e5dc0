package xdsmux

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

const (
	// maxMessage bounds a response from upstream, in bytes.
	maxMessage = 64 << 20

	// The pause before a stream that broke is opened again.
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// followUpstream keeps one stream open to upstream. The program's own streams go on with what they have meanwhile.
func (m *Mux) followUpstream(ctx context.Context) {
	defer close(m.done)
	select {
	case <-ctx.Done():
		return
	case <-m.wake: // nothing is opened before there is something to ask for
	}
	pause := firstPause
	for {
		answered, err := m.runUpstream(ctx)
		if ctx.Err() != nil {
			return
		}
		if answered {
			pause = firstPause
		}
		m.log.Warn("xDS stream ended", "error", err, "retry", pause.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
		pause = min(2*pause, lastPause)
	}
}

// runUpstream opens a stream and serves it until it ends; answered tells whether anything was received on it.
func (m *Mux) runUpstream(ctx context.Context) (answered bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := discoveryv3.NewAggregatedDiscoveryServiceClient(m.upstream)
	upstream, err := client.StreamAggregatedResources(ctx)
	if err != nil {
		return false, fmt.Errorf("open xDS stream: %w", err)
	}
	m.beginUpstream()
	received := make(chan error, 1)
	go func() {
		defer cancel()
		for {
			response, err := upstream.Recv()
			if err == nil {
				answered = true
				err = m.response(response)
			}
			if err != nil {
				received <- err
				return
			}
		}
	}()
	first := true
	for {
		select {
		case <-m.wake:
		case <-ctx.Done():
			err := <-received
			return answered, err
		}
		for _, request := range m.requests(&first) {
			if upstream.Send(request) != nil { // why, the receiver learns
				cancel()
				err := <-received
				return answered, err
			}
		}
	}
}

// beginUpstream lets everything be subscribed to anew: a new stream knows nothing.
func (m *Mux) beginUpstream() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.types {
		t.nonce, t.refused = "", nil
		t.due = len(t.wanted) > 0
	}
	poke(m.wake)
}

// requests returns what is to be sent upstream; the first of a stream tells who this is.
func (m *Mux) requests(first *bool) []*discoveryv3.DiscoveryRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	var requests []*discoveryv3.DiscoveryRequest
	for _, typeURL := range slices.Sorted(maps.Keys(m.types)) {
		t := m.types[typeURL]
		if !t.due || len(t.wanted) == 0 {
			continue
		}
		request := &discoveryv3.DiscoveryRequest{
			TypeUrl: typeURL, ResourceNames: t.wanted, VersionInfo: t.version, ResponseNonce: t.nonce, ErrorDetail: t.refused,
		}
		if *first {
			request.Node = m.node
			*first = false
		}
		t.due, t.refused = false, nil
		requests = append(requests, request)
	}
	return requests
}
