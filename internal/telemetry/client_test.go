package telemetry_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/telemetry"
)

const empty = `{"status":"success","data":{"resultType":"vector","result":[]}}`

func mesh(t *testing.T, settings telemetry.Settings) *telemetry.Mesh {
	t.Helper()
	b, err := telemetry.NewBackend("c1", settings, scrape)
	if err != nil {
		t.Fatal(err)
	}
	return &telemetry.Mesh{Backends: []*telemetry.Backend{b}}
}

// Whatever a backend answers, there is either traffic or one clear sentence about why there is none.
func TestBadAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   string // part of the problem; "" for none
	}{
		"empty":        {write(200, empty), ""},
		"no JSON":      {write(200, "<html>"), "no JSON"},
		"nothing":      {write(200, ""), "no JSON"},
		"other JSON":   {write(200, `{"hello":"world"}`), "no vector"},
		"wrong type":   {write(200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`), "no vector"},
		"wrong result": {write(200, `{"status":"success","data":{"resultType":"vector","result":[{"value":[1]}]}}`), "no vector"},
		"no number":    {write(200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}`), "no vector"},
		"NaN":          {write(200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"reporter":"source"},"value":[1,"NaN"]}]}}`), ""},
		"partial":      {write(200, `{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}`), "part of its storage"},
		"refused":      {write(422, `{"status":"error","errorType":"execution","error":"too many samples"}`), "too many samples"},
		"unauthorized": {write(401, ""), "refuses the credentials"},
		"not found":    {write(404, "404 page not found"), "404"},
		"down":         {write(503, ""), "503"},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the client is gone
			<-r.Context().Done()
		}, "in time"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(test.answer))
			defer server.Close()
			samples, problems := mesh(t, telemetry.Settings{URL: server.URL, Timeout: 300 * time.Millisecond}).Traffic(t.Context(), now())
			switch {
			case len(samples) > 0:
				t.Errorf("%d samples", len(samples))
			case test.want == "" && len(problems) > 0:
				t.Error(problems)
			case test.want != "" && (len(problems) != 1 || !strings.Contains(problems[0].String(), test.want) || strings.Contains(problems[0].Text, "\n")):
				t.Errorf("%v, want one that says %q", problems, test.want)
			}
		})
	}
}

func write(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestAFailureThatPassesIsTriedAgain(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			write(503, "")(w, r)
			return
		}
		write(200, empty)(w, r)
	}))
	defer server.Close()
	if _, problems := mesh(t, telemetry.Settings{URL: server.URL}).Traffic(t.Context(), now()); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestCredentials(t *testing.T) {
	for want, settings := range map[string]telemetry.Settings{
		"": {}, "Bearer abc": {Token: "abc"}, "Basic amFuZTpzZWNyZXQ=": {Username: "jane", Password: "secret"},
	} {
		var got sync.Map
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got.Store(r.Header.Get("Authorization"), true)
			write(401, "")(w, r)
		}))
		settings.URL = server.URL
		_, problems := mesh(t, settings).Traffic(t.Context(), now())
		server.Close()
		var asked []string
		got.Range(func(authorization, _ any) bool { asked = append(asked, authorization.(string)); return true })
		if diff := cmp.Diff([]string{want}, asked); diff != "" {
			t.Errorf("authorization of the queries (-want +got):\n%s", diff)
		}
		if len(problems) != 1 || strings.Contains(problems[0].Text, "secret") || strings.Contains(problems[0].Text, "abc") {
			t.Errorf("%v", problems)
		}
	}
	for _, settings := range []telemetry.Settings{
		{URL: "prometheus:9090"}, {URL: "file:///etc/passwd"}, {URL: "http://jane:secret@prometheus"}, {URL: "http://prometheus", Username: "a", Token: "b"},
	} {
		if _, err := telemetry.NewClient(settings); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", settings, err)
		}
	}
}
