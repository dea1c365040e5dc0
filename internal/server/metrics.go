package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/server/session"
)

// metrics serves the server's own metrics to whom its own cluster lets read the URL /metrics: a Prometheus shows the
// token of its service account.
func (s *Server) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.Observers != nil {
		registry.MustRegister(s.Observers.Board)
	}
	if s.Admission != nil {
		registry.MustRegister(s.Admission.Handler)
	}
	served := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return s.Sessions.RequireOfCluster(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := session.From(r.Context())
		allowed, err := s.Clusters.Own().Allowed(r.Context(), who, access.Action{Verb: "get", URL: r.URL.Path})
		switch {
		case err != nil:
			s.Log.ErrorContext(r.Context(), "the rights of who asks for metrics are unknown", "error", err)
			http.Error(w, "the rights cannot be checked now", http.StatusServiceUnavailable)
		case !allowed:
			http.Error(w, "the right to get the URL "+r.URL.Path+" is needed", http.StatusForbidden)
		default:
			served.ServeHTTP(w, r)
		}
	}))
}
