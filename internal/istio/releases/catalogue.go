package releases

import (
	"context"
	"errors"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
)

// Options are the settings of a catalogue.
type Options struct {
	// ControlPlanes reads those of the cluster, which name sources; nil for none.
	ControlPlanes client.Reader
	// Secrets reads the Secrets that sources refer to, one by one; nil for none.
	Secrets client.Reader
	// Namespace is where these Secrets are unless the ControlPlane has another namespace.
	Namespace string
	// Sources are named beside those of ControlPlanes, and come first.
	Sources []smmv1alpha1.ChartSource
	// Stores is what the stores of all sources have in common.
	Stores chartsource.Options
}

// Catalogue finds releases in the binary and in chart sources. It is safe for concurrent use.
type Catalogue struct {
	builtin istio.Catalogue
	options Options
	pending *smmv1alpha1.ControlPlane
	opened  *stores
}

// stores are the open stores of sources, by what the source is.
type stores struct {
	mu  sync.Mutex
	all map[string]chartsource.Store
}

// New returns a catalogue. No source is contacted before something is asked that the binary and the
// copies on disk cannot answer.
func New(options Options) *Catalogue {
	return &Catalogue{builtin: istio.Builtin(), options: options, opened: &stores{all: map[string]chartsource.Store{}}}
}

// With returns a catalogue that also knows the sources of a ControlPlane that is to be applied, instead
// of those of the one of its name that may be on the cluster.
func (c *Catalogue) With(cp *smmv1alpha1.ControlPlane) *Catalogue {
	with := *c
	with.pending = cp
	return &with
}

// Version is the full version that a version means: itself; for a line, its newest release of all;
// for "", the newest of the binary, so that what is installed by default does not depend on what a
// source publishes.
func (c *Catalogue) Version(ctx context.Context, version string) (string, error) {
	builtin, err := c.builtin.Find(version)
	switch {
	case err == nil && !istio.IsLine(version):
		return builtin.Version, nil
	case !istio.IsLine(version):
		return istio.FullVersion(version), nil
	}
	sources, listErr := c.sources(ctx)
	if listErr != nil {
		return "", listErr
	}
	for _, s := range sources {
		// One that never told what it has may have the release that was used until now.
		if _, err := s.versions(ctx); err != nil {
			return "", err
		}
	}
	available := c.available(ctx, sources)
	if newest, found := istio.NewestOfLine(available, version); found {
		return newest, nil
	}
	if err != nil {
		return "", &istio.UnknownVersionError{Version: version, Available: available}
	}
	return builtin.Version, nil
}

// Release returns the release of the full version that a version means: from the binary, or else from
// the first source that has it.
func (c *Catalogue) Release(ctx context.Context, version string) (istio.Release, error) {
	full, err := c.Version(ctx, version)
	if err != nil {
		return istio.Release{}, err
	}
	if builtin, err := c.builtin.Find(full); err == nil {
		return builtin, nil
	}
	sources, err := c.sources(ctx)
	if err != nil {
		return istio.Release{}, err
	}
	var problems []string
	for _, s := range sources {
		release, err := s.release(ctx, full)
		switch {
		case err == nil:
			return release, nil
		case ctx.Err() != nil:
			return istio.Release{}, ctx.Err()
		case !errors.Is(err, chartsource.ErrNoVersion):
			problems = append(problems, err.Error())
		}
	}
	return istio.Release{}, &istio.UnknownVersionError{Version: version, Available: c.available(ctx, sources), Problems: problems}
}

// available lists all versions that are known, newest first.
func (c *Catalogue) available(ctx context.Context, sources []source) []string {
	var versions []string
	for _, listed := range c.list(ctx, sources) {
		versions = append(versions, listed.Version)
	}
	return versions
}

// Listed is a release that can be installed.
type Listed struct {
	// Version is the full version.
	Version string
	// Kubernetes is the range of versions that it supports, "unknown" for a line that is not known.
	Kubernetes string
	// Source says where its charts come from.
	Source istio.Source
}

// List lists the releases that can be installed, newest first, and what is wrong with the sources.
func (c *Catalogue) List(ctx context.Context) (listed []Listed, problems []istio.Source, err error) {
	sources, err := c.sources(ctx)
	if err != nil {
		return nil, nil, err
	}
	listed = c.list(ctx, sources)
	for _, s := range sources {
		if state := s.state(); state.Problem != "" {
			problems = append(problems, state)
		}
	}
	return listed, problems, nil
}

func (c *Catalogue) list(ctx context.Context, sources []source) []Listed {
	byVersion := map[string]Listed{}
	add := func(release istio.Release) {
		if _, before := byVersion[release.Version]; !before {
			byVersion[release.Version] = Listed{release.Version, release.Kubernetes(), release.Source}
		}
	}
	for _, release := range c.builtin {
		add(release)
	}
	for _, s := range sources {
		versions, err := s.versions(ctx)
		if err != nil {
			continue // its state tells
		}
		for _, version := range versions {
			add(istio.NewRelease(version, nil, s.state()))
		}
	}
	var versions []string
	for version := range byVersion {
		versions = append(versions, version)
	}
	istio.SortVersions(versions)
	listed := make([]Listed, 0, len(versions))
	for _, version := range versions {
		listed = append(listed, byVersion[version])
	}
	return listed
}
