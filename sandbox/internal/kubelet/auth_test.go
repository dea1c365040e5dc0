package kubelet_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
)

// apiServer answers reviews. A token is its user's name. The user "admin" may do everything, another may "verb
// subresource" if that is the rest of the name.
type apiServer struct {
	url string

	mu      sync.Mutex
	tokens  int
	reviews []authorization.SubjectAccessReviewSpec
}

func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	api := &apiServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authentication.TokenReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		api.mu.Lock()
		defer api.mu.Unlock()
		api.tokens++
		review.Status.Authenticated = !strings.HasPrefix(review.Spec.Token, "bad")
		review.Status.User.Username = review.Spec.Token
		reply(t, w, review)
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authorization.SubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		api.mu.Lock()
		defer api.mu.Unlock()
		api.reviews = append(api.reviews, review.Spec)
		asked := review.Spec.ResourceAttributes
		review.Status.Allowed = review.Spec.User == "admin" ||
			asked.Resource == "nodes" && asked.Name == "c1-node" && review.Spec.User == "may-"+asked.Verb+"-"+asked.Subresource
		reply(t, w, review)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	api.url = server.URL
	return api
}

func reply(t *testing.T, w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		t.Error(err)
	}
}

// Only those who the API server lets may ask, each for what they may.
func TestAccess(t *testing.T) {
	n := startNode(t)
	foreign := newAuthority(t)
	for _, test := range []struct {
		name, method, path, token string
		certificate               *tls.Certificate
		want                      int
	}{
		{name: "nobody", path: "/pods", want: 401},
		{name: "nobody may not ask for health", path: "/healthz", want: 401},
		{name: "unknown token", path: "/pods", token: "bad", want: 401},
		{name: "administrator", path: "/pods", token: "admin", want: 200},
		{name: "no rights", path: "/pods", token: "someone", want: 403},
		{name: "pods by the right to pods", path: "/pods", token: "may-get-pods", want: 200},
		{name: "pods by the right to proxy", path: "/pods", token: "may-get-proxy", want: 200},
		{name: "health", path: "/healthz", token: "may-get-healthz", want: 200},
		{name: "metrics", path: "/metrics/cadvisor", token: "may-get-metrics", want: 200},
		{name: "metrics do not come with proxy", path: "/metrics", token: "may-get-proxy", want: 403},
		{name: "stats", path: "/stats/summary", token: "may-get-stats", want: 200},
		{name: "stats do not come with metrics", path: "/stats/summary", token: "may-get-metrics", want: 403},
		{name: "logs need proxy", path: "/containerLogs/test/pod/main", token: "may-get-proxy", want: 400},
		{name: "logs do not come with pods", path: "/containerLogs/test/pod/main", token: "may-get-pods", want: 403},
		{name: "exec does not come with reading", method: http.MethodPost, path: "/exec/test/pod/main", token: "may-get-proxy", want: 403},
		{name: "exec", method: http.MethodPost, path: "/exec/test/pod/main", token: "may-create-proxy", want: 404},
		{name: "run does not come with reading", method: http.MethodPost, path: "/run/test/pod/main", token: "may-get-proxy", want: 403},
		{name: "certificate", path: "/pods", certificate: issued(n.ca.issue(t, "admin")), want: 200},
		{name: "certificate without rights", path: "/pods", certificate: issued(n.ca.issue(t, "someone")), want: 403},
		{name: "foreign certificate", path: "/pods", certificate: issued(foreign.issue(t, "admin")), want: 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			request, err := http.NewRequest(method, "https://"+n.address+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			if code, text := answer(t, must(n.clientWith(test.certificate).Do(request))); code != test.want {
				t.Errorf("status %d, want %d: %s", code, test.want, text)
			}
		})
	}
}

func issued(c tls.Certificate) *tls.Certificate { return &c }

func (n *node) clientWith(certificate *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(n.ca.certificate)
	config := &tls.Config{RootCAs: roots}
	if certificate != nil {
		// Shown also to a server that does not name its authority.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	transport := &http.Transport{TLSClientConfig: config}
	n.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Answers hold for a while: a scrape every few seconds must not become two requests to the API server each time.
func TestAccessIsRemembered(t *testing.T) {
	n := startNode(t)
	for range 5 {
		if code, text := n.get("/metrics/resource"); code != http.StatusOK {
			t.Fatal(code, text)
		}
	}
	n.api.mu.Lock()
	defer n.api.mu.Unlock()
	if n.api.tokens != 1 || len(n.api.reviews) != 1 {
		t.Errorf("%d token reviews and %d access reviews, want one each", n.api.tokens, len(n.api.reviews))
	}
	asked := n.api.reviews[0].ResourceAttributes
	if asked.Verb != "get" || asked.Resource != "nodes" || asked.Subresource != "metrics" || asked.Name != "c1-node" || asked.Version != "v1" {
		t.Errorf("asked for %+v", asked)
	}
}
