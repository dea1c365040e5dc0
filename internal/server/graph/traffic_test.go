package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

// The traffic of one pair of workloads, in every field that tells of it.
func TestTraffic(t *testing.T) {
	l := newLab(t)
	l.backend.called(
		telemetrytest.Call{FromNamespace: l.open, FromName: "visible-pod"},
		telemetrytest.Call{ToNamespace: l.open, ToName: "visible-pod", Service: "visible-service"}, 7)
	now := time.Now()
	pod, service := "pod:c1:"+l.open+":visible-pod", "service:c1:"+l.open+":visible-service"
	span := fmt.Sprintf(`from: %q, to: %q, points: 5`, now.Add(-2*time.Minute).Format(time.RFC3339), now.Format(time.RFC3339))
	filter := fmt.Sprintf(`filter: {namespaces: [%q]}`, l.open)
	for name, test := range map[string]struct {
		query string
		want  []string // parts of the data
		fails string   // part of the errors
	}{
		"graph": {
			`{ topology(` + filter + `) { nodes { kind name objectID services idle } edges { service protocol mutualTLS traffic { requests p95 } } problems } }`,
			[]string{`"objectID":"` + pod + `"`, `"services":["` + service + `"]`, `"requests":7`, `"mutualTLS":1`, `"p95":0.0195`, `"problems":[]`}, "",
		},
		"graph before there was traffic": {
			`{ topology(at: "` + now.Add(-time.Hour).Format(time.RFC3339) + `") { edges { id } problems } }`, []string{`"edges":[]`, `"problems":[]`}, "",
		},
		"merged": {`{ topology(` + filter + `, merge: true) { nodes { cluster clusters } } }`, []string{`"cluster":"","clusters":["c1"]`}, ""},
		"service": {
			`{ service(id: "` + service + `") { traffic { requests errorRate p50 } } }`, []string{`"requests":10`, `"errorRate":0`, `"p50":0.015`}, "",
		},
		"numbers": {`{ numbers(` + filter + `) { requestsPerSecond errorRate p95 } }`, []string{`"requestsPerSecond":10`, `"errorRate":0`, `"p95":0.0195`}, ""},
		"series": {
			`{ series(id: "` + service + `", measures: [REQUESTS, P95, CPU], ` + span + `) { measure unit points { value } } }`,
			[]string{`"measure":"REQUESTS","unit":"1/s","points":[{"value":10}`, `"unit":"s"`, `"measure":"CPU","unit":"cores","points":[]`}, "",
		},
		"series of a time that ends before it begins": {
			`{ series(id: "` + service + `", measures: [REQUESTS], from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z") { unit } }`, nil, "give a time of up to",
		},
		"a time that is none": {`{ topology(at: "yesterday") { at } }`, nil, "give a time such as"},
		"backends":            {`{ backends { cluster url reachable problem } }`, []string{`"reachable":true`, `"problem":null`, l.backend.URL}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := l.ask(t, l.admin, test.query)
			if name == "service" || name == "numbers" || name == "series" {
				// The lab's own calls from the other namespace count 3.
				answer = l.ask(t, l.jane, test.query)
			}
			for _, want := range test.want {
				if !strings.Contains(answer.data, want) {
					t.Errorf("no %s in %s %s", want, answer.data, answer.errors)
				}
			}
			if !strings.Contains(answer.errors, test.fails) || test.fails == "" && answer.errors != "" {
				t.Errorf("errors %s, want %q", answer.errors, test.fails)
			}
		})
	}
	t.Run("followed", func(t *testing.T) { followTopology(t, l) })
}

// followTopology reads the first graphs of a subscription: the structure, then the same with latencies.
func followTopology(t *testing.T, l *lab) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told := l.follow(ctx, t, l.jane, `subscription { topology(seconds: 2) { edges { traffic { requests p95 } } } }`)
	if first := <-told; !strings.Contains(first, `"p95":null`) || !strings.Contains(first, `"requests":7`) {
		t.Errorf("at first: %s", first)
	}
	if second := <-told; !strings.Contains(second, `"p95":0.0195`) {
		t.Errorf("then: %s", second)
	}
}
