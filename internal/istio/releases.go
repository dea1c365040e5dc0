package istio

import (
	"context"
	"time"
)

// Releases finds the releases that can be installed, wherever their charts come from.
type Releases interface {
	// Version is the full version that a version means: itself, or the newest of a line.
	Version(ctx context.Context, version string) (string, error)
	// Release returns the release that a version means, as Catalogue.Find says, with its charts.
	// It is cheap for a release that was found before. The error is one line for users.
	Release(ctx context.Context, version string) (Release, error)
}

// Source says where the charts of a release come from. The zero value is the binary itself.
type Source struct {
	// Name is what users call the source; "" for the releases that are built in.
	Name string
	// URL is where the source is.
	URL string
	// Copied is when the copy was made that is used because the source has not answered since;
	// zero when it has.
	Copied time.Time
	// Problem says why the source did not answer as it should; "" when it did.
	Problem string
}

// BuiltIn tells that the charts are part of the binary.
func (s Source) BuiltIn() bool { return s.Name == "" }

// String is the source as users read it.
func (s Source) String() string {
	if s.BuiltIn() {
		return "built in"
	}
	return s.Name + " (" + s.URL + ")"
}

// Version is that of the release that Find returns.
func (c Catalogue) Version(_ context.Context, version string) (string, error) {
	release, err := c.Find(version)
	return release.Version, err
}

// Release is Find, for those who also use other sources.
func (c Catalogue) Release(_ context.Context, version string) (Release, error) {
	return c.Find(version)
}
