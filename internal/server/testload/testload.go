// Package testload sends requests at a rate and counts how they are answered.
package testload

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	// atOnce bounds the requests that wait for an answer.
	atOnce = 50
	// patience is how long an answer may take.
	patience = 15 * time.Second
	// news is how often the progress is told.
	news = time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
)

// Order is what to send.
type Order struct {
	Method, URL string
	Requests    int
	// PerSecond is the rate; more than 0.
	PerSecond float64
}

// Progress is how far a load is.
type Progress struct {
	// Sent counts requests, Failed those without an answer.
	Sent, Failed int
	// Codes counts answers by their HTTP status.
	Codes map[int]int
	// Mean is how long an answer takes.
	Mean time.Duration
	// Problem is what the last answer that was none said.
	Problem  string
	Finished bool
}

// Send sends what is ordered and tells of the progress each second and at the end. When too many requests wait for an
// answer, the rate drops. It ends early with the context.
func Send(ctx context.Context, client *http.Client, order Order, tell func(Progress)) {
	load := &load{codes: map[int]int{}}
	next := time.NewTicker(time.Duration(float64(time.Second) / order.PerSecond))
	defer next.Stop()
	told := time.NewTicker(news)
	defer told.Stop()
	slots := make(chan struct{}, atOnce)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for sent := 0; sent < order.Requests; {
		select {
		case <-ctx.Done():
			return
		case <-told.C:
			tell(load.progress(sent, false))
		case <-next.C:
			select {
			case slots <- struct{}{}:
				sent++
				waiting.Go(func() {
					load.send(ctx, client, order)
					<-slots
				})
			default: // it is tried again at the next tick
			}
		}
	}
	waiting.Wait()
	if ctx.Err() == nil {
		tell(load.progress(order.Requests, true))
	}
}

type load struct {
	mu      sync.Mutex
	codes   map[int]int
	failed  int
	took    time.Duration
	problem string
}

func (l *load) send(ctx context.Context, client *http.Client, order Order) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	code, problem, err := once(ctx, client, order)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed++
		l.problem = "no answer in time"
		return
	}
	l.codes[code]++
	l.took += time.Since(start)
	if problem != "" {
		l.problem = problem
	}
}

func (l *load) progress(sent int, finished bool) Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	answered := 0
	for _, count := range l.codes {
		answered += count
	}
	p := Progress{Sent: sent, Failed: l.failed, Codes: maps.Clone(l.codes), Problem: l.problem, Finished: finished}
	if answered > 0 {
		p.Mean = l.took / time.Duration(answered)
	}
	return p
}

// once sends one request. problem is what the API server says when it could not pass the request on.
func once(ctx context.Context, client *http.Client, order Order) (code int, problem string, err error) {
	request, err := http.NewRequestWithContext(ctx, order.Method, order.URL, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, "", err
	}
	var status struct{ Kind, Message string }
	if response.StatusCode >= http.StatusBadRequest && json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		problem = status.Message
	}
	return response.StatusCode, problem, nil
}
