package serve

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/allspark/answer"
	"github.com/meshmanager/smm/internal/allspark/call"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/request"
)

func headers(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func newService(t *testing.T, requests string) *Service {
	t.Helper()
	parsed, err := request.Parse(requests)
	if err != nil {
		t.Fatal(err)
	}
	self := mesh.Self{Workload: mesh.Workload{Name: "catalog-v1", Namespace: "smm-demo", Version: "v1"}, Pod: "catalog-1"}
	caller := call.NewCaller(self, nil, time.Second)
	t.Cleanup(caller.Close)
	return &Service{Self: self, Name: "catalog", Requests: parsed, Caller: caller}
}

func TestAnswerTellsWhoWasCalledByWhomAndWhatFollowed(t *testing.T) {
	var seen []string
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("End-User")+" "+r.Header.Get("X-Other")+" "+r.Header.Get(hopsHeader))
		if len(seen) == 2 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"service":"movies"}`))
	}))
	defer target.Close()
	service := newService(t, target.URL+"/#2")
	service.Work = func() string { return "hello" }

	catalog := mesh.Workload{Name: "frontpage-v1", Namespace: "smm-demo", ServiceAccount: "frontpage"}
	got := service.Answer(t.Context(), Incoming{
		Protocol:     request.GRPC,
		Peer:         mesh.Peer{Principal: "spiffe://cluster.local/ns/smm-demo/sa/frontpage"},
		Introduction: catalog.Header(),
		Header:       headers(map[string]string{"end-user": "jason", "x-other": "kept back"}),
	})
	want := answer.Answer{
		Service: "catalog", Version: "v1", Workload: "catalog-v1", Pod: "catalog-1", Namespace: "smm-demo", Protocol: "grpc",
		Caller:  answer.Caller{Identity: "spiffe://cluster.local/ns/smm-demo/sa/frontpage", Workload: "frontpage-v1", MutualTLS: true},
		Message: "hello",
		Calls: []answer.Call{{
			Target: target.URL + "/", Sent: 2, Succeeded: 1, Errors: map[string]int{"HTTP 503": 1},
			Messages: []string{target.URL + "/ answered 503 Service Unavailable"},
			Answers:  []json.RawMessage{json.RawMessage(`{"service":"movies"}`)},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"jason  1", "jason  1"}, seen); diff != "" {
		t.Errorf("passed headers: %s", diff)
	}
}

// Two services that call each other must not call each other for ever.
func TestCirclesEnd(t *testing.T) {
	service := newService(t, "http://127.0.0.1:1/")
	a := service.Answer(t.Context(), Incoming{Protocol: "http", Header: headers(map[string]string{hopsHeader: "16"})})
	if len(a.Calls) != 0 || !strings.Contains(a.Message, "goes no further") {
		t.Errorf("answer %+v", a)
	}
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	readiness := NewReadiness()
	get := func() (int, string) {
		recorder := httptest.NewRecorder()
		readiness.ServeHTTP(recorder, nil)
		return recorder.Code, recorder.Body.String()
	}
	if code, _ := get(); code != http.StatusOK {
		t.Errorf("status %d with nothing to wait for", code)
	}
	readiness.NotReady("gRPC server", "no configuration")
	if code, body := get(); code != http.StatusServiceUnavailable || !strings.Contains(body, "gRPC server: no configuration") {
		t.Errorf("status %d, %q", code, body)
	}
	readiness.Ready("gRPC server")
	if code, _ := get(); code != http.StatusOK {
		t.Errorf("status %d after it became ready", code)
	}
}

func TestOrdersAreBounded(t *testing.T) {
	got, err := parseOrder(url.Values{
		"target": {"grpc://movies:8082"}, "n": {"200"}, "concurrency": {"4"}, "timeout": {"2s"},
		"plaintext": {"true"}, "header": {"End-User: jason"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.n != 200 || got.concurrency != 4 || got.timeout != 2*time.Second || !got.options.Plaintext || got.options.Headers["end-user"] != "jason" {
		t.Errorf("parseOrder = %+v", got)
	}
	for _, query := range []string{
		"", "target=movies", "target=grpc://a:1+grpc://b:1", "target=grpc://a:1&n=0", "target=grpc://a:1&n=10001",
		"target=grpc://a:1&concurrency=33", "target=grpc://a:1&timeout=61s", "target=grpc://a:1&timeout=-1s",
		"target=grpc://a:1&plaintext=maybe", "target=grpc://a:1&header=bad", "target=grpc://a:1&header=a%0A:b", "target=grpc://a:1&header=a:b%0A",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseOrder(values); err == nil {
			t.Errorf("%q was accepted", query)
		}
	}
}

func TestLatencyQuantiles(t *testing.T) {
	var latencies []time.Duration
	for i := 100; i >= 1; i-- {
		latencies = append(latencies, time.Duration(i)*time.Millisecond)
	}
	want := Latency{Min: 1, Mean: 50.5, P50: 50, P90: 90, P99: 99, Max: 100}
	if diff := cmp.Diff(want, latencyOf(latencies)); diff != "" {
		t.Error(diff)
	}
}
