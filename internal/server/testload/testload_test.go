package testload_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/server/testload"
)

func TestSendCountsAnswers(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/buy" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if asked.Add(1)%5 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"kind":"Status","message":"no endpoints available"}`))
		}
	}))
	t.Cleanup(server.Close)
	var last testload.Progress
	order := testload.Order{Method: http.MethodPost, URL: server.URL + "/buy", Requests: 20, PerSecond: 500}
	testload.Send(t.Context(), server.Client(), order, func(p testload.Progress) { last = p })
	if last.Mean <= 0 {
		t.Error("no duration is known")
	}
	last.Mean = 0
	want := testload.Progress{Sent: 20, Codes: map[int]int{200: 16, 503: 4}, Problem: "no endpoints available", Finished: true}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }))
	t.Cleanup(server.Close)
	order := testload.Order{Method: http.MethodGet, URL: server.URL, Requests: 1_000_000, PerSecond: 100}
	start := time.Now()
	testload.Send(ctx, server.Client(), order, func(testload.Progress) {})
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it went on for %s", took)
	}
}
