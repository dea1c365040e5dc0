package cluster_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// A service behind the API server that redirects must not be given the rights with which it was asked.
func TestHTTPFollowsNoRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked elsewhere as %s with %s", r.Header.Get("Impersonate-User"), r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	asked := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Impersonate-User")
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	c, err := cluster.New("c1", &rest.Config{Host: server.URL, BearerToken: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	client, address, err := c.HTTP(session.Someone{User: signin.User{Name: "jane"}})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address.String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusTemporaryRedirect || asked != "jane" {
		t.Errorf("answered %s, asked as %q", response.Status, asked)
	}
}
