package charttest

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/meshmanager/smm/internal/istio"
)

// NewRepository starts a Helm repository, without encryption, that has the given versions of Istio.
func NewRepository(t testing.TB, versions ...string) *Server {
	return newRepository(t, versions, (*httptest.Server).Start)
}

// NewTLSRepository starts a Helm repository with encryption, by a certificate that nobody knows.
func NewTLSRepository(t testing.TB, versions ...string) *Server {
	return newRepository(t, versions, (*httptest.Server).StartTLS)
}

func newRepository(t testing.TB, versions []string, begin func(*httptest.Server)) *Server {
	t.Helper()
	var s *Server
	mux := http.NewServeMux()
	mux.HandleFunc("GET /charts/index.yaml", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, s.Index())
	})
	mux.HandleFunc("GET /charts/packages/{chart}/{file}", func(w http.ResponseWriter, r *http.Request) {
		data, ok := s.archive(r.PathValue("chart"), strings.TrimSuffix(r.PathValue("file"), ".tgz"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	})
	s = start(t, mux, versions, begin)
	s.URL += "/charts"
	return s
}

// Index is a Helm repository's index of what the server has.
func (s *Server) Index() string {
	var index strings.Builder
	index.WriteString("apiVersion: v1\nentries:\n")
	for _, chart := range istio.AllCharts() {
		fmt.Fprintf(&index, "  %s:\n", chart)
		for _, version := range s.versionsOf(string(chart)) {
			data, _ := s.archive(string(chart), version)
			fmt.Fprintf(&index, "  - {apiVersion: v2, name: %s, version: %s, digest: %s, urls: [packages/%s/%s.tgz]}\n",
				chart, version, Sum(data), chart, version)
		}
	}
	return index.String()
}

func encodeCertificate(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}
