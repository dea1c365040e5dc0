// Package admin answers what Istio's agent asks Envoy.
package admin

import (
	"net/http"
	"regexp"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/gateway/stats"
)

// Server is the admin server of the gateway.
type Server struct {
	Stats *stats.Registry
	// Drain has no more new connections taken after a time.
	Drain func(after time.Duration)
	// DrainTime is how long connections are still taken when the gateway is to end gracefully.
	DrainTime time.Duration
	// Quit ends the program.
	Quit func()
}

// Handler serves the paths that Envoy has.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("GET /stats", s.text)
	mux.HandleFunc("GET /stats/prometheus", s.prometheus)
	mux.HandleFunc("POST /drain_listeners", s.drain)
	mux.HandleFunc("POST /quitquitquit", s.quit)
	return mux
}

// The values of the statistic server.state.
const (
	Live         = 0
	Draining     = 1
	Initializing = 3
)

// State is the statistic that has the state of the server.
func State(registry *stats.Registry) *stats.Value { return registry.Gauge("server", "", "state") }

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	switch State(s.Stats).Load() {
	case Live:
		write(w, "LIVE\n")
	case Draining:
		http.Error(w, "DRAINING", http.StatusServiceUnavailable)
	default:
		http.Error(w, "INITIALIZING", http.StatusServiceUnavailable)
	}
}

func (s *Server) text(w http.ResponseWriter, request *http.Request) {
	filter, err := regexp.Compile(request.URL.Query().Get("filter"))
	if err != nil {
		http.Error(w, "Invalid regex: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	_ = s.Stats.WriteText(w, filter) // it only fails when nobody reads it
}

func (s *Server) prometheus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_ = s.Stats.WritePrometheus(w) // it only fails when nobody reads it
}

func (s *Server) drain(w http.ResponseWriter, request *http.Request) {
	State(s.Stats).Store(Draining)
	after := time.Duration(0)
	if request.URL.Query().Has("graceful") {
		after = s.DrainTime
	}
	s.Drain(after)
	write(w, "OK\n")
}

func (s *Server) quit(w http.ResponseWriter, _ *http.Request) {
	write(w, "OK\n")
	s.Quit()
}

// write fails only when nobody reads the answer.
func write(w http.ResponseWriter, text string) { _, _ = w.Write([]byte(text)) }
