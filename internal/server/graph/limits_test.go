package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/graph"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/telemetry"
)

// Queries that ask for too much are refused before anything is done for them.
func TestQueriesHaveLimits(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	source := &traffic.Source{Mesh: &telemetry.Mesh{}, Inventories: cluster.NewFleet().Inventories}
	a := &api{handler: graph.NewHandler(&graph.Resolver{Clusters: cluster.NewFleet(), Traffic: source, Log: log})}
	nested := func(levels int) string {
		return "{ services { items " + strings.Repeat("{ workloads { services ", levels/2-1) + "{ name }" + strings.Repeat("} }", levels/2-1) + " } }"
	}
	var wide strings.Builder
	for i := range 20 {
		fmt.Fprintf(&wide, "a%d: services(first: 500) { items { id name workloads { id } } } ", i)
	}
	fragments := "{ ...a } fragment a on Query { " + strings.TrimSuffix(strings.TrimPrefix(nested(30), "{"), "}") + " }"
	for name, c := range map[string]struct{ query, want string }{
		"30 levels":              {nested(30), "nested more than 15 levels deep"},
		"30 levels in fragments": {fragments, "nested more than 15 levels deep"},
		"too many values":        {"{ " + wide.String() + "}", "complexity"},
		"what is usual":          {"{ services { items { name workloads { name pods { name } } } } health { id } }", ""},
	} {
		answered := a.ask(t, signin.User{Name: "jane"}, c.query)
		if c.want == "" && answered.errors != "" || !strings.Contains(answered.errors, c.want) {
			t.Errorf("%s: %s %s", name, answered.data, answered.errors)
		}
	}
}

// Nobody is answered without having signed in, whatever they ask.
func TestWithoutSomebodyNothingIsAnswered(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	source := &traffic.Source{Mesh: &telemetry.Mesh{}, Inventories: cluster.NewFleet().Inventories}
	handler := graph.NewHandler(&graph.Resolver{Clusters: cluster.NewFleet(), Traffic: source, Log: log})
	body, err := json.Marshal(map[string]string{"query": "{ me { name } findings { id } }"})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if !strings.Contains(recorder.Body.String(), "sign in first") || strings.Contains(recorder.Body.String(), `"name"`) {
		t.Error(recorder.Body)
	}
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}
func (j *journal) String() string { j.mu.Lock(); defer j.mu.Unlock(); return j.text.String() }

// Every change is in the log, with who made it and without its content; what was only tried is not.
func TestChangesAreInTheAuditLog(t *testing.T) {
	l := newLab(t)
	written := &journal{}
	resolver := &graph.Resolver{Clusters: cluster.NewFleet(l.cluster), Traffic: &traffic.Source{}, Log: slog.New(slog.NewTextHandler(written, nil))}
	l.handler = graph.NewHandler(resolver)
	apply := func(dryRun bool) {
		yaml, err := json.Marshal(`{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioControlPlane,
			metadata: {name: audited, namespace: ` + l.open + `, annotations: {secret: s3cr3t}}, spec: {}}`)
		if err != nil {
			t.Fatal(err)
		}
		answered := l.ask(t, l.jane, fmt.Sprintf(`mutation { applyResource(cluster: "c1", yaml: %s, dryRun: %t) { resource { id } problems { message } } }`, yaml, dryRun))
		if !strings.Contains(answered.data, "audited") {
			t.Fatalf("%s %s", answered.data, answered.errors)
		}
	}
	apply(true)
	if strings.Contains(written.String(), "audit") {
		t.Errorf("a trial is in the log: %s", written)
	}
	apply(false)
	id := "istiocontrolplane.servicemesh.cisco.com:c1:" + l.open + ":audited"
	if answered := l.ask(t, l.jane, fmt.Sprintf(`mutation { deleteResource(id: %q) }`, id)); answered.data != `{"deleteResource":true}` {
		t.Fatalf("%s %s", answered.data, answered.errors)
	}
	for _, part := range []string{"msg=audit user=" + l.jane.Name + " verb=apply", "verb=delete", "name=audited"} {
		if !strings.Contains(written.String(), part) {
			t.Errorf("no %q in %s", part, written)
		}
	}
	if strings.Contains(written.String(), "s3cr3t") {
		t.Errorf("the log holds contents: %s", written)
	}
}
