package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/topology"
)

const (
	// recordedLatency is the series with the latencies of edges that Prometheus computes ahead: of a large mesh that takes
	// longer than anybody waits.
	recordedLatency = "smm:edge_request_duration_seconds:quantile"
	// recordInterval is the time between two of them.
	recordInterval = "15s"
)

// recordedQuantiles are computed ahead.
func recordedQuantiles() []float64 { return []float64{0.5, 0.95, 0.99} }

type ruleFile struct {
	Groups []ruleGroup `json:"groups"`
}

type ruleGroup struct {
	Name     string `json:"name"`
	Interval string `json:"interval"`
	Rules    []rule `json:"rules"`
}

type rule struct {
	Record string            `json:"record"`
	Expr   string            `json:"expr"`
	Labels map[string]string `json:"labels"`
}

// RecordingRules are the rules, in Prometheus' own form, by which a Prometheus that collects at the interval computes ahead
// what would otherwise be slow to ask of a large mesh. A Prometheus without them is asked for all it has.
func RecordingRules(interval time.Duration) ([]byte, error) {
	group := ruleGroup{Name: "smm-latencies", Interval: recordInterval}
	for _, quantile := range recordedQuantiles() {
		group.Rules = append(group.Rules, rule{
			Record: recordedLatency, Expr: recordedExpression(quantile, windowScrapes*interval),
			Labels: map[string]string{model.QuantileLabel: formatQuantile(quantile)},
		})
	}
	text, err := yaml.Marshal(ruleFile{[]ruleGroup{group}})
	if err != nil {
		return nil, fmt.Errorf("encode the recording rules: %w", err)
	}
	return text, nil
}

// recordedExpression is the quantile of each edge that its caller reports, or its other end where the caller does not.
func recordedExpression(quantile float64, window time.Duration) string {
	of := func(reporter topology.Reporter) string {
		return fmt.Sprintf("histogram_quantile(%g, sum by (le, %s) (rate(%s{%s}[%s]))) / 1000 >= 0",
			quantile, ByEdge, durationMetric, matcher("reporter", string(reporter)), promDuration(window))
	}
	return fmt.Sprintf("(%s) or ignoring (reporter) (%s)", of(topology.Source), of(topology.Destination))
}

// recorded asks with one question for latencies that were computed ahead. There are none from a backend without the rules.
func (b *Backend) recorded(ctx context.Context, at time.Time, quantiles []float64) ([]topology.Latency, error) {
	names := make([]string, 0, len(quantiles))
	for _, quantile := range quantiles {
		if !slices.Contains(recordedQuantiles(), quantile) {
			return nil, nil
		}
		names = append(names, Literal(formatQuantile(quantile)))
	}
	values, err := b.Query(ctx, fmt.Sprintf("%s{quantile=~%q}", recordedLatency, strings.Join(names, "|")), at)
	if err != nil {
		return nil, err
	}
	latencies := make([]topology.Latency, 0, len(values))
	for _, value := range values {
		quantile, err := strconv.ParseFloat(value.Labels[model.QuantileLabel], 64)
		if err != nil {
			continue
		}
		latencies = append(latencies, latencyOf(b.Cluster, value.Labels, quantile, value.Value))
	}
	return latencies, nil
}

func formatQuantile(quantile float64) string { return strconv.FormatFloat(quantile, 'g', -1, 64) }
