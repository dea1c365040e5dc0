package chartsource

import (
	"context"
	"log/slog"
	"time"

	"github.com/meshmanager/smm/internal/istio"
)

// Store has the releases of one source. It is safe for concurrent use.
type Store interface {
	// Versions lists the versions of Istio that the source has, in no order. Where the source does
	// not answer, they are those that it had when it last did; the error is about a source that
	// never answered.
	Versions(ctx context.Context) ([]string, error)
	// Release returns the release of a full version with its charts. The error is ErrNoVersion for
	// one that the source does not have. A release that was fetched before costs no request.
	Release(ctx context.Context, version string) (istio.Release, error)
	// State tells where the charts come from, and how the source was when it was last asked.
	State() istio.Source
}

// Options are what stores have in common.
type Options struct {
	// CacheDir is the folder in which fetched charts are kept; "" for none.
	CacheDir string
	// Limits are the DefaultLimits where none are given.
	Limits Limits
	// Log is told of trouble; nil for none.
	Log *slog.Logger
	// Now is the clock; nil for the computer's.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Open returns the store of a source. Nothing is contacted yet.
func Open(source Source, options Options) (Store, error) {
	if err := source.Validate(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	kind, location, err := source.locate()
	if err != nil {
		return nil, err
	}
	if kind == directoryKind {
		return &directory{source: source, path: location.Path, limits: options.Limits}, nil
	}
	store := &remoteStore{source: source, options: options, cache: newCache(options.CacheDir, source), loaded: map[string]istio.Release{}}
	store.known = store.cache.index()
	store.origin = func(credentials Credentials) (origin, error) {
		if kind == registryKind {
			return newRegistry(source, credentials, options.Limits)
		}
		return newRepository(source, credentials, options.Limits)
	}
	return store, nil
}

// origin is a server that has packaged charts.
type origin interface {
	// index lists what there is.
	index(ctx context.Context) (*index, error)
	// archive fetches one packaged chart.
	archive(ctx context.Context, chart ChartVersion, e entry) ([]byte, error)
}
