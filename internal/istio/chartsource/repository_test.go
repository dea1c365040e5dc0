package chartsource_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

// allOf are the requests that fetch a release from a repository.
func allOf(version string) []string {
	return []string{
		"GET /charts/packages/base/" + version + ".tgz", "GET /charts/packages/istiod/" + version + ".tgz",
		"GET /charts/packages/cni/" + version + ".tgz", "GET /charts/packages/gateway/" + version + ".tgz",
	}
}

func TestRepositoryIsAskedOnce(t *testing.T) {
	server := charttest.NewRepository(t, "1.31.99", "1.32.0")
	folder, clock := t.TempDir(), newClock()
	store := open(t, chartsource.Source{URL: server.URL}, options(folder, clock))
	checkRequests(t, server)
	if got := versionsOf(t, store); got != "1.32.0 1.31.99" {
		t.Errorf("versions %s", got)
	}
	checkRenders(t, store, "1.32.0")
	checkRequests(t, server, append(allOf("1.32.0"), "GET /charts/index.yaml")...)

	for range 3 {
		checkRelease(t, store, "1.32.0")
	}
	clock.forward(59 * time.Minute)
	versionsOf(t, store)
	checkRequests(t, server)

	// Another process, a day later, with the server gone.
	server.Stop()
	clock.forward(24 * time.Hour)
	store = open(t, chartsource.Source{URL: server.URL}, options(folder, clock))
	release := checkRelease(t, store, "1.32.0")
	if release.Source.Problem != "" {
		t.Errorf("the source was contacted: %s", release.Source.Problem)
	}
	release = checkRelease(t, store, "1.32.0") // it is old, so it is looked after once more
	if !strings.Contains(release.Source.Problem, "cannot be reached") || release.Source.Copied.IsZero() {
		t.Errorf("source %+v; want it to say that a copy is used", release.Source)
	}
	if got := versionsOf(t, store); got != "1.32.0 1.31.99" {
		t.Errorf("versions %s after the server went", got)
	}
	checkFails(t, store, "1.31.99", "chart source acme", server.URL, "cannot be reached")
}

func TestRepositoryIsAskedOnceByMany(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	store := open(t, chartsource.Source{URL: server.URL}, options("", newClock()))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := store.Release(t.Context(), "1.32.0"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	checkRequests(t, server, append(allOf("1.32.0"), "GET /charts/index.yaml")...)
}

func TestNewVersionIsFound(t *testing.T) {
	server := charttest.NewRepository(t, "1.31.99")
	clock := newClock()
	store := open(t, chartsource.Source{URL: server.URL}, options(t.TempDir(), clock))
	for range 2 {
		if _, err := store.Release(t.Context(), "1.32.0"); err != chartsource.ErrNoVersion { //nolint:errorlint // it is the very error
			t.Errorf("error %v; want ErrNoVersion", err)
		}
	}
	checkRequests(t, server, "GET /charts/index.yaml") // the second time it had just been asked
	for _, chart := range istio.AllCharts() {
		server.Put(chart, "1.32.0", charttest.Pack(t, chart, "1.32.0"))
	}
	clock.forward(time.Minute)
	checkRelease(t, store, "1.32.0")
}

func TestRepositoryDown(t *testing.T) {
	server := charttest.NewRepository(t)
	server.Stop()
	clock := newClock()
	store := open(t, chartsource.Source{URL: server.URL}, options(t.TempDir(), clock))
	checkFails(t, store, "1.32.0", "chart source acme ("+server.URL+") cannot be reached: ", "connection refused")
	if _, err := store.Versions(t.Context()); err == nil {
		t.Error("a source of which nothing is known lists versions")
	}
}

func TestCredentials(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("reader:s3cret"))
	for name, test := range map[string]struct {
		asked   string
		given   chartsource.Credentials
		refused []string
	}{
		"user name and password": {basic, chartsource.Credentials{Username: "reader", Password: "s3cret"}, nil},
		"bearer token":           {"Bearer s3cret", chartsource.Credentials{Token: "s3cret"}, nil},
		"wrong password":         {basic, chartsource.Credentials{Username: "reader", Password: "s3cret2"}, []string{"refuses access (401 Unauthorized)", "secretRef"}},
		"none":                   {basic, chartsource.Credentials{}, []string{"refuses access (401 Unauthorized)"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := charttest.NewTLSRepository(t, "1.32.0")
			server.Wrap(charttest.AskFor(test.asked))
			test.given.CA = server.CA()
			store := open(t, chartsource.Source{URL: server.URL, Credentials: with(test.given)}, options("", newClock()))
			if test.refused == nil {
				checkRelease(t, store, "1.32.0")
			} else {
				checkFails(t, store, "1.32.0", test.refused...)
			}
		})
	}
}

func TestCredentialsNeedEncryption(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	source := chartsource.Source{URL: server.URL, Credentials: with(chartsource.Credentials{Token: "s3cret"})}
	checkFails(t, open(t, source, options("", newClock())), "1.32.0", "not encrypted", "plainHTTP")
	checkRequests(t, server)
	source.PlainHTTP = true
	checkRelease(t, open(t, source, options("", newClock())), "1.32.0")
}

// What the index leads to elsewhere is fetched without the credentials, and never without
// encryption from a source that has it.
func TestCredentialsStayWithTheirServer(t *testing.T) {
	other := charttest.NewRepository(t, "1.32.0")
	var seen []string
	other.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Header.Get("Authorization"))
			next.ServeHTTP(w, r)
		})
	})
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "index.yaml") {
			http.Redirect(w, r, other.URL+strings.TrimPrefix(r.URL.Path, "/charts"), http.StatusFound)
			return
		}
		fmt.Fprint(w, strings.ReplaceAll(other.Index(), "urls: [", "urls: ["+other.URL+"/"))
	}
	plain := httptest.NewServer(http.HandlerFunc(elsewhere))
	defer plain.Close()
	token := with(chartsource.Credentials{Token: "s3cret"})
	checkRelease(t, open(t, chartsource.Source{URL: plain.URL, PlainHTTP: true, Credentials: token}, options("", newClock())), "1.32.0")
	for _, authorization := range seen {
		if authorization != "" {
			t.Error("the other server was sent the credentials")
		}
	}

	encrypted := charttest.NewTLSRepository(t, "1.32.0")
	encrypted.Wrap(func(http.Handler) http.Handler { return http.HandlerFunc(elsewhere) })
	store := open(t, chartsource.Source{URL: encrypted.URL, Credentials: with(chartsource.Credentials{CA: encrypted.CA()})}, options("", newClock()))
	checkFails(t, store, "1.32.0", "without encryption")
}

func TestUnknownAuthorityIsRefused(t *testing.T) {
	server := charttest.NewTLSRepository(t, "1.32.0")
	checkFails(t, open(t, chartsource.Source{URL: server.URL}, options("", newClock())), "1.32.0", "cannot be reached", "certificate")
}

func TestSlowRepository(t *testing.T) {
	server := charttest.NewRepository(t, "1.32.0")
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	server.Wrap(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-released:
			case <-r.Context().Done():
			}
		})
	})
	o := options("", newClock())
	o.Limits.Exchange = 50 * time.Millisecond
	checkFails(t, open(t, chartsource.Source{URL: server.URL}, o), "1.32.0", "gave no answer within 50ms")
}

func TestUselessIndex(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no YAML":       {"<html>\n\tnot found: [</html>", "is no index of a Helm repository"},
		"no charts":     {"apiVersion: v1\nentries: {}\n", "holds no Istio"},
		"another shape": {"entries: [1, 2]\n", "is no index of a Helm repository"},
		"too large":     {"# " + strings.Repeat("x", 2000), "larger than 1000 bytes"},
		"odd versions":  {"entries: {istiod: [{version: ../../etc, urls: [a]}], base: [{version: ../../etc, urls: [a]}]}", "holds no Istio"},
		"odd addresses": {"entries: {istiod: [{version: 1.32.0, urls: ['file:///etc/passwd']}], base: [{version: 1.32.0, urls: ['file:///etc/passwd']}]}", `address of scheme "file"`},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, test.text) }))
			defer server.Close()
			o := options("", newClock())
			o.Limits.Index = 1000
			checkFails(t, open(t, chartsource.Source{URL: server.URL}, o), "1.32.0", test.want)
		})
	}
}
