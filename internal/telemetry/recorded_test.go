package telemetry_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/meshmanager/smm/internal/telemetry"
	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

// A backend with the recording rules tells the same latencies as one without, with one question.
func TestLatenciesComputedAheadAreTheSame(t *testing.T) {
	prometheus := telemetrytest.Start(t)
	from := now().Add(-time.Minute)
	for name, reporters := range map[string][]string{"cart": {source, answer}, "stock": {answer}, "mail": {source}} {
		for _, reporter := range reporters {
			reported := with(webToCart, func(c *call) { c.Reporter, c.ToName = reporter, name })
			prometheus.Calls(reported, 10, from, now(), scrape)
			prometheus.Durations(reported, 10, []float64{10, 20, 40}, 10, from, now(), scrape)
		}
	}
	b := backend(t, "c1", prometheus)
	want := graphAt(t, now(), b)
	if len(want.Edges) != 3 || want.Edges[0].P95 == nil {
		t.Fatalf("without the rules: %v", want.Edges)
	}
	record(t, prometheus, b)
	prometheus.Asked.Store(0)
	if diff := cmp.Diff(want, graphAt(t, now(), b), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-without +with the rules):\n%s", diff)
	}
	if asked := prometheus.Asked.Load(); asked != 3 {
		t.Errorf("%d questions, want 3", asked)
	}
	mesh := &telemetry.Mesh{Backends: []*telemetry.Backend{b}}
	latencies, problems := mesh.Latencies(t.Context(), now(), telemetry.ByEdge, 0.75)
	if len(latencies) != 4 || len(problems) > 0 {
		t.Errorf("a quantile that no rule computes: %v, %v", latencies, problems)
	}
}

// record evaluates the recording rules, as Prometheus does, and stores what they give.
func record(t *testing.T, prometheus *telemetrytest.Prometheus, b *telemetry.Backend) {
	t.Helper()
	text, err := telemetry.RecordingRules(scrape)
	if err != nil {
		t.Fatal(err)
	}
	file, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			values, err := b.Query(t.Context(), rule.Expr, now())
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range values {
				name := labels.NewBuilder(labels.FromMap(value.Labels)).Set(model.MetricNameLabel, rule.Record)
				for label, text := range rule.Labels {
					name.Set(label, text)
				}
				prometheus.Append(name.Labels().String(), now(), value.Value)
			}
			if len(values) != 3 {
				t.Errorf("%s: %d edges, want 3", rule.Labels, len(values))
			}
		}
	}
}
