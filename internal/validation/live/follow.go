package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

const (
	// firstReads bounds how long a change waits for the first answers about objects that it refers to, such as the
	// Secret of a new gateway, so that no finding tells of what is about to be read.
	firstReads = 15 * time.Second
	// minPause is the shortest time between two changes, so that a burst of events is one.
	minPause = 20 * time.Millisecond
)

// Follower keeps what checks read of a cluster up to date by watches. What a cluster that cannot be reached had, stays.
type Follower struct {
	cluster string
	rest    rest.Interface
	kinds   []validation.Kind

	wake chan struct{} // holds one signal when there is something to apply

	mu          sync.Mutex
	streams     map[string]*stream
	objects     map[validation.ID]*validation.Object
	pending     map[validation.ID]*validation.Object // nil for what is gone
	known       map[validation.Kind]bool
	definitions chan struct{} // closed when a custom resource definition changes
	planned     bool          // the streams are those that the objects ask for
}

// NewFollower returns a follower of the kinds given. Run starts it.
func NewFollower(cluster Cluster, kinds []validation.Kind) (*Follower, error) {
	config := rest.CopyConfig(cluster.Config)
	config.Timeout = 0 // a watch lasts; each request has its own limit
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", cluster.Name, err)
	}
	return &Follower{
		cluster: cluster.Name, rest: client.RESTClient(), kinds: kinds,
		wake: make(chan struct{}, 1), streams: map[string]*stream{}, objects: map[validation.ID]*validation.Object{},
		pending: map[validation.ID]*validation.Object{}, known: map[validation.Kind]bool{}, definitions: make(chan struct{}),
	}, nil
}

// Run hands every change of the cluster to apply, one after the other, first all that there is, until the context ends.
func (f *Follower) Run(ctx context.Context, apply func(validation.Change)) {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	for {
		f.settle(ctx, &running)
		started := time.Now()
		if change, any := f.take(); any {
			apply(change)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(minPause, time.Since(started))):
		}
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
	}
}

// Notes tell what cannot be read now, and what that means for the findings.
func (f *Follower) Notes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var notes []string
	for _, s := range f.streams {
		notes = append(notes, s.notes...)
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}

// settle starts the streams that the known objects ask for, stops others, and waits until all have been asked once.
func (f *Follower) settle(ctx context.Context, running *sync.WaitGroup) {
	deadline := time.After(firstReads)
	for {
		var waiting *stream
		f.mu.Lock()
		f.plan(ctx, running)
		for _, s := range f.streams {
			if !s.asked() {
				waiting = s
				break
			}
		}
		f.mu.Unlock()
		if waiting == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-deadline:
			return
		case <-waiting.first:
		}
	}
}

// plan starts and stops streams. The caller holds the lock.
func (f *Follower) plan(ctx context.Context, running *sync.WaitGroup) {
	if f.planned {
		return
	}
	f.planned = true
	wanted := map[string]listing{}
	for _, l := range f.listings(slices.Collect(maps.Values(f.objects))) {
		wanted[l.key()] = l
	}
	for key, s := range f.streams {
		if _, still := wanted[key]; !still {
			s.stop()
			s.stopped = true
			f.drop(s)
			delete(f.streams, key)
		}
	}
	for key, l := range wanted {
		if f.streams[key] == nil {
			streamCtx, stop := context.WithCancel(ctx)
			s := &stream{listing: l, follower: f, stop: stop, first: make(chan struct{}), holds: map[validation.ID]bool{}}
			f.streams[key] = s
			running.Go(func() { s.run(streamCtx) })
		}
	}
}

// listings are what is to be watched, given what is known.
func (f *Follower) listings(objects []*validation.Object) []listing {
	var all []listing
	for _, schema := range decode.Schemas() {
		if !slices.Contains(f.kinds, schema.Kind) {
			continue
		}
		switch schema.Kind {
		case validation.ConfigMap:
			for namespace := range controlPlaneNamespaces(objects) {
				all = append(all, listing{schema: &schema, path: path(&schema, namespace), keep: isIstioSetting})
			}
		case validation.Secret:
			all = append(all, remoteSecrets(&schema))
			for secret := range certificates(objects) {
				all = append(all, listing{
					schema: &schema, path: path(&schema, secret.namespace), parameters: []string{"fieldSelector", "metadata.name=" + secret.name},
				})
			}
		default:
			all = append(all, listing{schema: &schema, path: path(&schema, "")})
		}
	}
	return all
}

// take returns the changes since the last time.
func (f *Follower) take() (change validation.Change, any bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, o := range f.pending {
		if o == nil {
			change.Delete = append(change.Delete, id)
		} else {
			change.Set = append(change.Set, o)
		}
	}
	clear(f.pending)
	if kinds := f.newlyKnown(); len(kinds) > 0 {
		change.Know = map[string][]validation.Kind{f.cluster: kinds}
	}
	return change, len(change.Set)+len(change.Delete)+len(change.Know) > 0
}

// newlyKnown are the kinds of which all streams have answered, for the first time.
func (f *Follower) newlyKnown() []validation.Kind {
	complete := map[validation.Kind]bool{}
	for _, s := range f.streams {
		kind := s.schema.Kind
		if before, seen := complete[kind]; !seen || before {
			complete[kind] = s.answered
		}
	}
	var kinds []validation.Kind
	for kind, all := range complete {
		if all && !f.known[kind] {
			f.known[kind] = true
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// drop forgets the objects of a stream that nobody asks for any more. The caller holds the lock.
func (f *Follower) drop(s *stream) {
	for id := range s.holds {
		f.set(id, nil)
	}
}

// set notes the new state of an object; nil for one that is gone. The caller holds the lock.
func (f *Follower) set(id validation.ID, o *validation.Object) {
	if o == nil {
		if f.objects[id] == nil {
			return
		}
		delete(f.objects, id)
	} else {
		if before := f.objects[id]; before != nil && same(before, o) {
			return
		}
		f.objects[id] = o
	}
	f.pending[id] = o
	f.planned = f.planned && !refers(id.Kind)
	f.signal()
}

// refers tells whether objects of a kind decide what else is read: see listings.
func refers(kind validation.Kind) bool {
	switch kind {
	case validation.IstioControlPlane, validation.Deployment, validation.Gateway, validation.KubernetesGateway, validation.Pod:
		return true
	}
	return false
}

// signal has pending changes applied.
func (f *Follower) signal() {
	select {
	case f.wake <- struct{}{}:
	default: // it is told already
	}
}
