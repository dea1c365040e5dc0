package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/meshmanager/smm/internal/allspark/answer"
	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// The limits of calls on demand.
const (
	maxProbeCalls       = 10000
	maxProbeConcurrency = 32
	maxProbeTime        = time.Minute // for all calls of one order
	maxProbes           = 4           // orders at the same time
)

// Prober makes calls on demand: GET /call?target=grpc://movies:8082&n=200.
type Prober struct {
	caller *call.Caller
	slots  chan struct{}
}

// NewProber returns a Prober that calls as the program itself does.
func NewProber(caller *call.Caller) *Prober {
	return &Prober{caller: caller, slots: make(chan struct{}, maxProbes)}
}

// order is what a query asks for.
type order struct {
	target      request.Request
	n           int
	concurrency int
	timeout     time.Duration // of one call
	options     call.Options
}

// Report is what came of the calls.
type Report struct {
	Target     string          `json:"target"`
	Sent       int             `json:"sent"`
	Succeeded  int             `json:"succeeded"`
	ByVersion  map[string]int  `json:"byVersion"`        // of the answering service
	ByPod      map[string]int  `json:"byPod"`            // that answered
	ByIdentity map[string]int  `json:"byIdentity"`       // proven by the answering end; "" without mutual TLS
	ByCaller   map[string]int  `json:"byCallerIdentity"` // as the answering end saw it
	Errors     map[string]int  `json:"errors"`           // by gRPC status code, or "HTTP <status>"
	Messages   []string        `json:"messages,omitempty"`
	Latency    Latency         `json:"latencyMilliseconds"`
	PerSecond  float64         `json:"callsPerSecond"`
	Sample     json.RawMessage `json:"sample,omitempty"` // the last answer
}

// Latency is in milliseconds.
type Latency struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// ServeHTTP makes the calls that the query asks for and answers with a Report. It is 200 also when calls failed.
func (p *Prober) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o, err := parseOrder(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		http.Error(w, fmt.Sprintf("%d orders are being carried out; try again later", maxProbes), http.StatusTooManyRequests)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxProbeTime)
	defer cancel()
	start := time.Now()
	results := p.run(ctx, o)
	writeJSON(w, summarize(o.target.URL(), results, time.Since(start)))
}

func parseOrder(query url.Values) (order, error) {
	targets, err := request.Parse(query.Get("target"))
	if err != nil {
		return order{}, err
	}
	if len(targets) != 1 {
		return order{}, errors.New("need exactly one target, for example target=grpc://movies:8082")
	}
	o := order{target: targets[0], options: call.Options{Headers: map[string]string{}}}
	var problems []error
	o.n, err = bounded(query, "n", targets[0].Count, maxProbeCalls)
	problems = append(problems, err)
	o.concurrency, err = bounded(query, "concurrency", 1, maxProbeConcurrency)
	problems = append(problems, err)
	o.timeout, err = time.ParseDuration(cmp.Or(query.Get("timeout"), "5s"))
	if err == nil && (o.timeout <= 0 || o.timeout > maxProbeTime) {
		err = fmt.Errorf("timeout %s is not between 0 and %s", o.timeout, maxProbeTime)
	}
	problems = append(problems, err)
	o.options.Plaintext, err = strconv.ParseBool(cmp.Or(query.Get("plaintext"), "false"))
	problems = append(problems, err)
	for _, header := range query["header"] {
		name, value, found := strings.Cut(header, ":")
		if !found || !validHeader(name, value) {
			problems = append(problems, fmt.Errorf("header %q is not of the form name:value", header))
			continue
		}
		o.options.Headers[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	return o, errors.Join(problems...)
}

func validHeader(name, value string) bool {
	printable := func(r rune) bool { return r >= ' ' && r <= '~' }
	token := func(r rune) bool { return printable(r) && !strings.ContainsRune(" ()<>@,;:\\\"/[]?={}", r) }
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return !token(r) }) < 0 &&
		strings.IndexFunc(value, func(r rune) bool { return !printable(r) }) < 0
}

func bounded(query url.Values, name string, fallback, limit int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("%s %q is not between 1 and %d", name, text, limit)
	}
	return n, nil
}

// run makes the calls and returns the results of those that were made before the context ended.
func (p *Prober) run(ctx context.Context, o order) []call.Result {
	var mu sync.Mutex
	var results []call.Result
	left := o.n
	take := func() bool {
		mu.Lock()
		defer mu.Unlock()
		left--
		return left >= 0 && ctx.Err() == nil
	}
	var workers sync.WaitGroup
	for range min(o.concurrency, o.n) {
		workers.Go(func() {
			for take() {
				callCtx, cancel := context.WithTimeout(ctx, o.timeout)
				result := p.caller.Call(callCtx, o.target, o.options)
				cancel()
				mu.Lock()
				results = append(results, result)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return results
}

func summarize(target string, results []call.Result, took time.Duration) Report {
	report := Report{
		Target: target, Sent: len(results), Errors: map[string]int{},
		ByVersion: map[string]int{}, ByPod: map[string]int{}, ByIdentity: map[string]int{}, ByCaller: map[string]int{},
	}
	latencies := make([]time.Duration, 0, len(results))
	for _, result := range results {
		latencies = append(latencies, result.Duration)
		if result.Err != nil {
			report.Errors[result.Code]++
			if message := result.Err.Error(); len(report.Messages) < maxMessages && !slices.Contains(report.Messages, message) {
				report.Messages = append(report.Messages, message)
			}
			continue
		}
		report.Succeeded++
		report.ByIdentity[result.Peer.Principal]++
		var a answer.Answer
		if json.Unmarshal(result.Answer, &a) == nil {
			report.ByVersion[a.Version]++
			report.ByPod[a.Pod]++
			report.ByCaller[a.Caller.Identity]++
			report.Sample = result.Answer
		}
	}
	report.Latency = latencyOf(latencies)
	if took > 0 {
		report.PerSecond = math.Round(float64(len(results))/took.Seconds()*10) / 10
	}
	return report
}

func latencyOf(latencies []time.Duration) Latency {
	if len(latencies) == 0 {
		return Latency{}
	}
	slices.Sort(latencies)
	var sum time.Duration
	for _, latency := range latencies {
		sum += latency
	}
	quantile := func(q float64) float64 {
		return milliseconds(latencies[int(math.Ceil(q*float64(len(latencies))))-1])
	}
	return Latency{
		Min: milliseconds(latencies[0]), Max: milliseconds(latencies[len(latencies)-1]),
		Mean: milliseconds(sum / time.Duration(len(latencies))),
		P50:  quantile(0.5), P90: quantile(0.9), P99: quantile(0.99),
	}
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}
