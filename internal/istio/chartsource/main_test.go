package chartsource_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 27, 16, 40, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func options(cacheDir string, c *clock) chartsource.Options {
	return chartsource.Options{CacheDir: cacheDir, Limits: chartsource.DefaultLimits(), Log: slog.New(slog.DiscardHandler), Now: c.Now}
}

func open(t *testing.T, source chartsource.Source, o chartsource.Options) chartsource.Store {
	t.Helper()
	if source.Name == "" {
		source.Name = "acme"
	}
	store, err := chartsource.Open(source, o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func with(credentials chartsource.Credentials) func(context.Context) (chartsource.Credentials, error) {
	return func(context.Context) (chartsource.Credentials, error) { return credentials, nil }
}

// versionsOf lists what the store has, newest first.
func versionsOf(t *testing.T, store chartsource.Store) string {
	t.Helper()
	versions, err := store.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	istio.SortVersions(versions)
	return strings.Join(versions, " ")
}

// checkRelease loads a release and looks whether its charts are of its version.
func checkRelease(t *testing.T, store chartsource.Store, version string) istio.Release {
	t.Helper()
	release, err := store.Release(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	files, err := release.Charts.Files(istio.ChartIstiod)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Name == "Chart.yaml" && strings.Contains(string(file.Data), "version: "+version+"\n") {
			return release
		}
	}
	t.Errorf("the chart of istiod is not of version %s", version)
	return release
}

// checkRenders loads a release and renders everything that is installed from its charts.
func checkRenders(t *testing.T, store chartsource.Store, version string) {
	t.Helper()
	release := checkRelease(t, store, version)
	revision := istio.Revision{Name: istio.ControlPlaneName(version), Namespace: "istio-system"}
	objects, err := release.ControlPlane(revision, nil, "v1.36.3")
	if err != nil {
		t.Fatal(err)
	}
	var labelled bool
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			labelled = object.GetLabels()["app.kubernetes.io/version"] == version
		}
	}
	if !labelled {
		t.Errorf("istiod of %s was not rendered as such", version)
	}
	if _, err := release.Base(revision, ""); err != nil {
		t.Error(err)
	}
	if definitions, err := release.CRDs(); err != nil || len(definitions) == 0 {
		t.Errorf("%d custom resource definitions, %v", len(definitions), err)
	}
	if _, err := release.CNI(revision, nil, ""); err != nil {
		t.Error(err)
	}
	if _, err := release.Gateway(revision, "default", "gw", nil, ""); err != nil {
		t.Error(err)
	}
}

// checkFails loads a release that must be refused, and checks that the one line which says why
// holds the words and no secret.
func checkFails(t *testing.T, store chartsource.Store, version string, words ...string) {
	t.Helper()
	_, err := store.Release(t.Context(), version)
	if err == nil {
		t.Fatalf("version %s was accepted; want an error with %q", version, words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not say %q", err, word)
		}
	}
	for _, never := range []string{"\n", "s3cret"} {
		if strings.Contains(err.Error(), never) {
			t.Errorf("error %q holds %q", err, never)
		}
	}
}

func checkRequests(t *testing.T, server *charttest.Server, want ...string) {
	t.Helper()
	got := server.Requests()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("requests %v; want %v", got, want)
	}
}
