package chartsource

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/istio"
)

// remoteStore is the store of a source that is asked over a network, as rarely as possible.
type remoteStore struct {
	source  Source
	options Options
	cache   cache
	origin  func(Credentials) (origin, error)

	// asking is held while the source is contacted, so that it is contacted once.
	asking sync.Mutex

	mu      sync.Mutex
	known   *index // nil before anything is known
	loaded  map[string]istio.Release
	trouble error     // why the last attempt to ask what there is failed
	tried   time.Time // when that was
	changed []ChartVersion
}

// Versions lists what the source has.
func (r *remoteStore) Versions(ctx context.Context) ([]string, error) {
	r.asking.Lock()
	defer r.asking.Unlock()
	if err := r.refresh(ctx, r.options.Limits.Recheck); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known.versions(), nil
}

// State tells how the source was when it was last asked.
func (r *remoteStore) State() istio.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state()
}

func (r *remoteStore) state() istio.Source {
	state := istio.Source{Name: r.source.Name, URL: r.source.URL}
	switch {
	case r.trouble != nil:
		state.Problem = r.trouble.Error()
		if r.known != nil {
			state.Copied = r.known.Fetched
		}
	case len(r.changed) > 0:
		names := make([]string, len(r.changed))
		for i, chart := range r.changed {
			names[i] = chart.String()
		}
		state.Copied = r.known.Fetched
		state.Problem = fmt.Sprintf("chart source %s (%s) now has other content for chart %s than when it was fetched",
			r.source.Name, r.source.URL, strings.Join(names, ", "))
	}
	return state
}

// Release returns a release from memory, from disk or from the source, in this order.
func (r *remoteStore) Release(ctx context.Context, version string) (istio.Release, error) {
	if release, ok := r.inMemory(version); ok {
		r.recheck(ctx)
		release.Source = r.State()
		return release, nil
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	if release, ok := r.inMemory(version); ok { // somebody else has just loaded it
		release.Source = r.State()
		return release, nil
	}
	if !r.has(version) {
		// What the source had some time ago does not tell that it lacks a version now.
		if err := r.refresh(ctx, r.options.Limits.Retry); err != nil {
			return istio.Release{}, err
		}
		if !r.has(version) {
			return istio.Release{}, r.lacks()
		}
	}
	charts, err := r.charts(ctx, version)
	if err != nil {
		return istio.Release{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	release := istio.NewRelease(version, charts, r.state())
	r.loaded[version] = release
	return release, nil
}

// lacks is the error of a version that the source does not have. Where the source does not answer,
// that is the reason.
func (r *remoteStore) lacks() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble != nil {
		return r.trouble
	}
	return ErrNoVersion
}

func (r *remoteStore) inMemory(version string) (istio.Release, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	release, ok := r.loaded[version]
	return release, ok
}

func (r *remoteStore) has(version string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		return false
	}
	_, istiod := r.known.get(istio.ChartIstiod, version)
	_, base := r.known.get(istio.ChartBase, version)
	return istiod && base
}

// recheck asks the source for what it has once that is old, unless somebody else does just now:
// whoever has a release need not wait.
func (r *remoteStore) recheck(ctx context.Context) {
	if r.stale(r.options.Limits.Recheck) && r.asking.TryLock() {
		defer r.asking.Unlock()
		_ = r.refresh(ctx, r.options.Limits.Recheck) // the state tells
	}
}

// stale tells whether what is known is older than a time, and the source not in trouble just now.
func (r *remoteStore) stale(age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Now()
	if r.trouble != nil && now.Sub(r.tried) < r.options.Limits.Retry {
		return false
	}
	return r.known == nil || now.Sub(r.known.Fetched) >= age
}

// refresh asks the source what it has, if what is known is older than a time. The error is about a
// source of which nothing is known. The caller holds asking.
func (r *remoteStore) refresh(ctx context.Context, age time.Duration) error {
	if r.stale(age) {
		found, err := r.ask(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.note(found, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		return r.trouble
	}
	return nil
}

func (r *remoteStore) ask(ctx context.Context) (*index, error) {
	server, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	return server.index(ctx)
}

func (r *remoteStore) connect(ctx context.Context) (origin, error) {
	var credentials Credentials
	if r.source.Credentials != nil {
		var err error
		if credentials, err = r.source.Credentials(ctx); err != nil {
			return nil, r.source.failed("cannot be used: %v", err)
		}
	}
	return r.origin(credentials)
}

// note remembers what came of asking the source.
func (r *remoteStore) note(found *index, err error) {
	r.mu.Lock()
	r.tried, r.trouble = r.options.Now(), err
	if err != nil {
		r.mu.Unlock()
		r.options.Log.Warn("chart source cannot be used", "source", r.source.Name, "error", err)
		return
	}
	found.Fetched = r.tried
	r.changed = found.inherit(r.known)
	r.known = found
	r.mu.Unlock()
	r.save(r.cache.saveIndex(found))
}

// save notes that keeping something on disk failed: it is fetched again next time.
func (r *remoteStore) save(err error) {
	if err != nil {
		r.options.Log.Warn("what was fetched from a chart source is not kept", "source", r.source.Name, "error", err)
	}
}
