package live

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/validation"
)

// apiServer answers lists from a table of paths; a path that is not in it does not exist.
func apiServer(t *testing.T, lists map[string][]string, forbidden ...string) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := func(code int, reason string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": %q, "code": %d}`, reason, code)
		}
		items, found := lists[r.URL.Path]
		switch {
		case slices.Contains(forbidden, r.URL.Path):
			status(http.StatusForbidden, "Forbidden")
			return
		case !found:
			status(http.StatusNotFound, "NotFound")
			return
		}
		// One object a page, so that every list has several pages.
		at := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("continue"), &at)
		next, page := "", items
		if at < len(items) {
			page = items[at : at+1]
			if at+1 < len(items) {
				next = fmt.Sprint(at + 1)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind": "List", "apiVersion": "v1", "metadata": {"continue": %q}, "items": [%s]}`, next, strings.Join(page, ","))
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func item(t *testing.T, name string, fields map[string]any) string {
	t.Helper()
	object := map[string]any{"metadata": map[string]any{"name": name, "namespace": "shop"}}
	for key, value := range fields {
		object[key] = value
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// All pages are read; a kind that the cluster does not have is known to be empty; what may not be listed is told and
// not known.
func TestRead(t *testing.T) {
	config := apiServer(t, map[string][]string{
		"/api/v1/services": {item(t, "a", nil), item(t, "b", nil), item(t, "c", nil)},
		"/api/v1/pods":     {},
		"/api/v1/namespaces/istio-system/configmaps": {item(t, "istio", nil), item(t, "other", nil)},
		"/api/v1/secrets": {},
	}, "/api/v1/namespaces")
	read, err := Read(t.Context(), Cluster{Name: "c1", Config: config},
		[]validation.Kind{validation.Service, validation.Pod, validation.Namespace, validation.VirtualService, validation.ConfigMap})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range read.Change.Set {
		names = append(names, o.String())
	}
	slices.Sort(names)
	want := []string{"configmap:c1:shop:istio", "service:c1:shop:a", "service:c1:shop:b", "service:c1:shop:c"}
	if !slices.Equal(names, want) {
		t.Errorf("read %v, want %v", names, want)
	}
	known := read.Change.Know["c1"]
	if !slices.Contains(known, validation.VirtualService) || !slices.Contains(known, validation.Pod) || slices.Contains(known, validation.Namespace) {
		t.Errorf("known: %v", known)
	}
	if len(read.Notes) != 1 || !strings.Contains(read.Notes[0], "you may not list namespaces in cluster c1") {
		t.Errorf("notes: %q", read.Notes)
	}
}

// Only the Secrets that gateways name are read, however many there are.
func TestReadsOnlyNamedSecrets(t *testing.T) {
	var reads atomic.Int32
	lists := map[string][]string{
		"/api/v1/pods": {item(t, "p", map[string]any{"metadata": map[string]any{"name": "p", "namespace": "gw", "labels": map[string]string{"app": "gw"}}})},
		"/apis/networking.istio.io/v1/gateways": {item(t, "g", map[string]any{"spec": json.RawMessage(
			`{"selector": {"app": "gw"}, "servers": [{"port": {"number": 443, "name": "s", "protocol": "HTTPS"}, "hosts": ["a"], "tls": {"mode": "SIMPLE", "credentialName": "named"}}]}`)})},
		"/api/v1/secrets": {},
	}
	config := apiServer(t, lists)
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "/secrets/") {
				reads.Add(1)
				if r.URL.Path != "/api/v1/namespaces/gw/secrets/named" {
					t.Errorf("read %s", r.URL.Path)
				}
			}
			return next.RoundTrip(r)
		})
	}
	if _, err := Read(t.Context(), Cluster{Name: "c1", Config: config}, []validation.Kind{validation.Pod, validation.Gateway, validation.Secret}); err != nil {
		t.Fatal(err)
	}
	if reads.Load() != 1 {
		t.Errorf("%d secrets read, want 1", reads.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
