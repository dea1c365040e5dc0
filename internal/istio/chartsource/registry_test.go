package chartsource_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
	"github.com/meshmanager/smm/internal/istio/charttest"
)

func TestRegistry(t *testing.T) {
	server := charttest.NewRegistry(t, "1.31.99", "1.32.0", "1.32.0+acme.1")
	folder, clock := t.TempDir(), newClock()
	source := chartsource.Source{URL: server.URL, Credentials: with(chartsource.Credentials{CA: server.CA()})}
	store := open(t, source, options(folder, clock))
	if got := versionsOf(t, store); !strings.Contains(got, "1.32.0+acme.1") || !strings.Contains(got, "1.31.99") {
		t.Errorf("versions %s", got)
	}
	checkRenders(t, store, "1.31.99")
	server.Requests()
	checkRelease(t, store, "1.31.99")
	checkRequests(t, server)

	server.Stop()
	clock.forward(24 * time.Hour)
	store = open(t, source, options(folder, clock))
	checkRelease(t, store, "1.31.99")
	checkFails(t, store, "1.32.0", "chart source acme", "cannot be reached")
}

// Without the charts of what is not always needed a release can be installed; without the others
// it cannot.
func TestRegistryWithoutSomeCharts(t *testing.T) {
	server := charttest.NewRegistry(t, "1.32.0", "1.33.0")
	server.Remove(istio.ChartCNI, "1.32.0")
	server.Remove(istio.ChartBase, "1.33.0")
	source := chartsource.Source{URL: server.URL, Credentials: with(chartsource.Credentials{CA: server.CA()})}
	store := open(t, source, options("", newClock()))
	release, err := store.Release(t.Context(), "1.32.0")
	if err != nil {
		t.Fatal(err)
	}
	_, err = release.CNI(istio.Revision{Name: "a", Namespace: "b"}, nil, "")
	if err == nil || err.Error() != "chart cni is not part of Istio 1.32.0" {
		t.Errorf("error %v; want it to name the chart that is missing", err)
	}
	checkFails(t, store, "1.33.0", "has no chart base 1.33.0")
}

func TestRegistryCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		given   chartsource.Credentials
		refused bool
	}{
		"a user's password is exchanged for a token": {chartsource.Credentials{Username: "reader", Password: "s3cret"}, false},
		"a token is used as it is":                   {chartsource.Credentials{Token: "granted"}, false},
		"wrong password":                             {chartsource.Credentials{Username: "reader", Password: "s3cret2"}, true},
		"nobody":                                     {chartsource.Credentials{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := charttest.NewRegistry(t, "1.32.0")
			host, _, _ := strings.Cut(strings.TrimPrefix(server.URL, "oci://"), "/")
			server.Wrap(charttest.AskForToken("https://"+host+"/token", "reader", "s3cret"))
			test.given.CA = server.CA()
			store := open(t, chartsource.Source{URL: server.URL, Credentials: with(test.given)}, options("", newClock()))
			if test.refused {
				checkFails(t, store, "1.32.0", "refuses access (401 Unauthorized)")
			} else {
				checkRelease(t, store, "1.32.0")
			}
		})
	}
}

// Content that has another digest than the registry says is refused, be it the manifest or the chart.
func TestRegistryDigests(t *testing.T) {
	for _, part := range []string{"/manifests/", "/blobs/"} {
		server := charttest.NewRegistry(t, "1.32.0")
		server.Wrap(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				recorded := httptest.NewRecorder()
				next.ServeHTTP(recorded, r)
				for name, values := range recorded.Header() {
					w.Header()[name] = values
				}
				body, _ := io.ReadAll(recorded.Body)
				if strings.Contains(r.URL.Path, part) && len(body) > 0 {
					body = bytes.Clone(body)
					body[len(body)-1] ^= 1
				}
				_, _ = w.Write(body)
			})
		})
		source := chartsource.Source{URL: server.URL, Credentials: with(chartsource.Credentials{CA: server.CA()})}
		checkFails(t, open(t, source, options("", newClock())), "1.32.0", "cannot be used")
	}
}

func TestUselessRegistry(t *testing.T) {
	server := charttest.NewRegistry(t)
	source := chartsource.Source{URL: server.URL, Credentials: with(chartsource.Credentials{CA: server.CA()})}
	checkFails(t, open(t, source, options("", newClock())), "1.32.0", "holds no Istio")
	source.URL = strings.Replace(source.URL, "/mesh/", "/Mesh Up/", 1)
	checkFails(t, open(t, source, options("", newClock())), "1.32.0", "names no folder of an OCI registry")
}
