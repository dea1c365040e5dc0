package charttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.cncf.helm.config.v1+json"
	chartType    = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// NewRegistry starts an OCI registry with encryption, by a certificate that nobody knows, that has
// the given versions of Istio in its folder mesh/charts. Of the distribution protocol it speaks what
// reading needs.
func NewRegistry(t testing.TB, versions ...string) *Server {
	t.Helper()
	var s *Server
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/mesh/charts/{chart}/tags/list", func(w http.ResponseWriter, r *http.Request) { s.listTags(w, r) })
	mux.HandleFunc("GET /v2/mesh/charts/{chart}/manifests/{reference}", func(w http.ResponseWriter, r *http.Request) {
		chart, version := r.PathValue("chart"), strings.ReplaceAll(r.PathValue("reference"), "_", "+")
		data, ok := s.archive(chart, version)
		if !ok {
			refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
			return
		}
		manifest := manifestOf(data)
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", "sha256:"+Sum(manifest))
		_, _ = w.Write(manifest)
	})
	mux.HandleFunc("GET /v2/mesh/charts/{chart}/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		chart := r.PathValue("chart")
		for _, version := range s.versionsOf(chart) {
			if data, _ := s.archive(chart, version); "sha256:"+Sum(data) == r.PathValue("digest") {
				_, _ = w.Write(data)
				return
			}
		}
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
	})
	s = start(t, mux, versions, (*httptest.Server).StartTLS)
	s.URL = strings.Replace(s.URL, "https://", "oci://", 1) + "/mesh/charts"
	return s
}

// listTags answers with one tag a page, so that whoever reads has to go through all.
func (s *Server) listTags(w http.ResponseWriter, r *http.Request) {
	chart, last := r.PathValue("chart"), r.URL.Query().Get("last")
	versions := s.versionsOf(chart)
	if len(versions) == 0 {
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN")
		return
	}
	at := 0
	for i, version := range versions {
		if version == last {
			at = i + 1
		}
	}
	var page []string
	if at < len(versions) {
		page = []string{strings.ReplaceAll(versions[at], "+", "_")}
	}
	if at+1 < len(versions) {
		w.Header().Set("Link", fmt.Sprintf(`</v2/mesh/charts/%s/tags/list?last=%s>; rel="next"`, chart, versions[at]))
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"name": "mesh/charts/" + chart, "tags": page})
}

func manifestOf(archive []byte) []byte {
	config := []byte("{}")
	describe := func(mediaType string, data []byte) map[string]any {
		return map[string]any{"mediaType": mediaType, "digest": "sha256:" + Sum(data), "size": len(data)}
	}
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": describe(configType, config),
		"layers": []any{describe(chartType, archive)},
	})
	return manifest
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{"code": code}}})
}

// AskForToken returns a wrapper for a registry that lets requests with a bearer token through, which
// it gives to whoever proves to be the user. realm is where, such as https://host/token.
func AskForToken(realm, username, password string) func(http.Handler) http.Handler {
	const token = "granted"
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				if name, word, ok := r.BasicAuth(); !ok || name != username || word != password {
					refuse(w, http.StatusUnauthorized, "DENIED")
					return
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"token": token})
				return
			}
			if r.Header.Get("Authorization") != "Bearer "+token {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="charts"`, realm))
				refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
