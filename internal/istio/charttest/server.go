package charttest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meshmanager/smm/internal/istio"
)

// Server is a server that has Istio's charts. Its settings may be changed while it runs.
type Server struct {
	// URL is what a chart source names it by.
	URL string

	mu       sync.Mutex
	archives map[string][]byte // by chart/version
	requests []string
	wrap     func(http.Handler) http.Handler
	server   *httptest.Server
}

func start(t testing.TB, handler http.Handler, versions []string, begin func(*httptest.Server)) *Server {
	t.Helper()
	s := &Server{archives: map[string][]byte{}}
	for _, version := range versions {
		for _, chart := range istio.AllCharts() {
			s.archives[string(chart)+"/"+version] = Pack(t, chart, version)
		}
	}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		answer := handler
		if s.wrap != nil {
			answer = s.wrap(handler)
		}
		s.mu.Unlock()
		answer.ServeHTTP(w, r)
	}))
	begin(s.server)
	s.URL = s.server.URL
	t.Cleanup(s.server.Close)
	return s
}

// Stop has the server refuse connections from now on.
func (s *Server) Stop() { s.server.Close() }

// CA is the certificate, in PEM, of a server with encryption.
func (s *Server) CA() []byte { return encodeCertificate(s.server.Certificate()) }

// Put replaces a packaged chart, or adds one.
func (s *Server) Put(chart istio.Chart, version string, archive []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archives[string(chart)+"/"+version] = archive
}

// Remove takes a packaged chart away.
func (s *Server) Remove(chart istio.Chart, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.archives, string(chart)+"/"+version)
}

// Wrap puts a handler before the server's own, such as one that asks for credentials; nil for none.
func (s *Server) Wrap(wrap func(http.Handler) http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrap = wrap
}

// Requests are those that came since the last call, as "GET /path".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

func (s *Server) archive(chart, version string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.archives[chart+"/"+version]
	return data, ok
}

func (s *Server) versionsOf(chart string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var versions []string
	for name := range s.archives {
		if version, ok := strings.CutPrefix(name, chart+"/"); ok {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return versions
}

// AskFor returns a wrapper that lets only requests with this Authorization header through.
func AskFor(authorization string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != authorization {
				w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
