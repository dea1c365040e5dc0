package serve

import (
	"encoding/json"
	"net/http"

	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/internal/allspark/metrics"
)

// Control is what the control port offers. It must not be reachable from outside the cluster: it makes calls on
// behalf of whoever asks.
type Control struct {
	Readiness *Readiness
	Recorder  *metrics.Recorder
	Prober    *Prober
	Generator *load.Generator // nil unless the program generates load
}

// Handler returns the handler of the control port.
func (c Control) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.Handle("GET /readyz", c.Readiness)
	mux.Handle("GET /stats/prometheus", c.Recorder)
	mux.Handle("GET /call", c.Prober)
	if c.Generator != nil {
		mux.HandleFunc("GET /load", c.showLoad)
		mux.HandleFunc("POST /load/start", c.switchLoad(true))
		mux.HandleFunc("POST /load/stop", c.switchLoad(false))
	}
	return mux
}

func (c Control) showLoad(w http.ResponseWriter, _ *http.Request) { writeJSON(w, c.Generator.State()) }

func (c Control) switchLoad(on bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		settings := c.Generator.Settings()
		settings.Enabled = on
		c.Generator.Set(settings)
		writeJSON(w, c.Generator.State())
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // the caller has gone
}
