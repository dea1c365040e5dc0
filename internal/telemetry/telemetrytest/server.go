package telemetrytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Prometheus answers the two questions of Prometheus' HTTP API that the product asks.
type Prometheus struct {
	// URL is where it serves.
	URL string
	// Asked counts the questions.
	Asked atomic.Int64

	memory memory
	engine *promql.Engine
	t      testing.TB
	parser parser.Parser
}

// Start serves an empty Prometheus for the time of the test.
func Start(t testing.TB) *Prometheus {
	t.Helper()
	p := &Prometheus{t: t, parser: parser.NewParser(parser.Options{})}
	p.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
	})
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = p.engine.Close() })
	p.URL = server.URL
	return p
}

// Append adds a sample to a series such as name{label="value"}.
func (p *Prometheus) Append(series string, at time.Time, value float64) {
	p.t.Helper()
	name, err := p.parser.ParseMetric(series)
	if err != nil {
		p.t.Fatalf("%s: %v", series, err)
	}
	p.memory.append(name, at, value)
}

// Counter adds samples of a counter that grows evenly, from a start to an end.
func (p *Prometheus) Counter(series string, perSecond float64, from, to time.Time, interval time.Duration) {
	p.t.Helper()
	name, err := p.parser.ParseMetric(series)
	if err != nil {
		p.t.Fatalf("%s: %v", series, err)
	}
	p.CounterOf(name, perSecond, from, to, interval)
}

// CounterOf is Counter for labels.
func (p *Prometheus) CounterOf(name labels.Labels, perSecond float64, from, to time.Time, interval time.Duration) {
	for at := from; !at.After(to); at = at.Add(interval) {
		p.memory.append(name, at, perSecond*at.Sub(from).Seconds())
	}
}

// ServeHTTP answers a question.
func (p *Prometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.Asked.Add(1)
	var (
		query promql.Query
		err   error
	)
	expression := r.FormValue("query")
	switch r.URL.Path {
	case "/api/v1/query":
		query, err = p.engine.NewInstantQuery(r.Context(), &p.memory, nil, expression, moment(r.FormValue("time")))
	case "/api/v1/query_range":
		step := time.Duration(seconds(r.FormValue("step")) * float64(time.Second))
		query, err = p.engine.NewRangeQuery(r.Context(), &p.memory, nil, expression, moment(r.FormValue("start")), moment(r.FormValue("end")), step)
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"status": "error", "errorType": "bad_data", "error": err.Error()})
		return
	}
	defer query.Close()
	result := query.Exec(r.Context())
	if result.Err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"status": "error", "errorType": "execution", "error": result.Err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"status": "success", "data": map[string]any{"resultType": result.Value.Type(), "result": result.Value},
	})
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // the client finds out
}

func seconds(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return value
}

func moment(text string) time.Time { return time.UnixMilli(int64(seconds(text) * 1000)) }
