package telemetry

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Measure is what can be measured of an object over time.
type Measure string

// The measures.
const (
	Requests     Measure = "REQUESTS"
	ErrorRate    Measure = "ERROR_RATE"
	P50          Measure = "P50"
	P95          Measure = "P95"
	P99          Measure = "P99"
	Sent         Measure = "SENT"
	Received     Measure = "RECEIVED"
	CPU          Measure = "CPU"
	Memory       Measure = "MEMORY"
	CPUThrottled Measure = "CPU_THROTTLED"
)

// Unit is the unit of the measure's values; "" for a share.
func (m Measure) Unit() string {
	switch m {
	case Requests:
		return "1/s"
	case P50, P95, P99:
		return "s"
	case Sent, Received:
		return "B/s"
	case Memory:
		return "B"
	case CPU:
		return "cores"
	}
	return ""
}

// Object is what is measured: a workload, or a service.
type Object struct {
	Cluster, Namespace, Name string
	Service                  bool
	// Pod restricts what is reported to one pod; "" for all.
	Pod string
	// Pods are regular expressions of the names of its pods.
	Pods []string
}

// Literal is a regular expression that matches only the text.
func Literal(text string) string { return regexp.QuoteMeta(text) }

// Span is a time with equally distant points.
type Span struct {
	From, To time.Time
	Step     time.Duration
}

// Series asks for a measure of an object over time, with one question to the backend that has the object's metrics. There
// are no points where nothing is known.
func (m *Mesh) Series(ctx context.Context, object Object, measure Measure, span Span) ([]Point, error) {
	for _, b := range m.All() {
		if b.Cluster != "" && b.Cluster != object.Cluster {
			continue
		}
		expression := b.expression(object, measure, max(b.Window(), span.Step))
		if expression == "" {
			continue
		}
		lines, err := b.Range(ctx, expression, span.From, span.To, span.Step)
		if err != nil {
			return nil, err
		}
		if len(lines) > 0 {
			return lines[0].Points, nil
		}
	}
	return nil, nil
}

// expression is PromQL for one line; "" for what no object of this kind has.
func (b *Backend) expression(object Object, measure Measure, window time.Duration) string {
	w := promDuration(window)
	switch measure {
	case Requests:
		return b.arriving(object, func(on string) string { return fmt.Sprintf("sum(rate(%s{%s}[%s]))", requestsMetric, on, w) })
	case ErrorRate:
		return b.arriving(object, func(on string) string {
			all := fmt.Sprintf("sum(rate(%s{%s}[%s]))", requestsMetric, on, w)
			// As for the topology: a failed call of gRPC has the HTTP status 200.
			failed := fmt.Sprintf(`sum(rate(%[1]s{%[2]s, response_code=~"5.."}[%[3]s]) or rate(%[1]s{%[2]s, response_code="200", grpc_response_status=~"2|4|8|12|13|14|15"}[%[3]s]))`,
				requestsMetric, on, w)
			return fmt.Sprintf("(%s or 0 * %s) / (%s > 0)", failed, all, all)
		})
	case P50, P95, P99:
		quantile, _ := strconv.ParseFloat(strings.TrimPrefix(string(measure), "P"), 64)
		return b.arriving(object, func(on string) string {
			return fmt.Sprintf("histogram_quantile(%g, sum by (le) (rate(%s{%s}[%s]))) / 1000", quantile/100, durationMetric, on, w)
		})
	case Sent:
		return b.arriving(object, func(on string) string { return fmt.Sprintf("sum(rate(%s{%s}[%s]))", sentMetric, on, w) })
	case Received:
		return b.arriving(object, func(on string) string { return fmt.Sprintf("sum(rate(%s{%s}[%s]))", receivedMetric, on, w) })
	}
	if len(object.Pods) == 0 {
		return ""
	}
	on := b.containers(object)
	switch measure {
	case CPU:
		return fmt.Sprintf("sum(rate(container_cpu_usage_seconds_total{%s}[%s]))", on, w)
	case Memory:
		return fmt.Sprintf("sum(container_memory_working_set_bytes{%s})", on)
	case CPUThrottled:
		return fmt.Sprintf("sum(rate(container_cpu_cfs_throttled_periods_total{%[1]s}[%[2]s])) / (sum(rate(container_cpu_cfs_periods_total{%[1]s}[%[2]s])) > 0)", on, w)
	}
	return ""
}

// arriving asks the end that answers, else callers, else, for a gateway, what it sends on.
func (b *Backend) arriving(object Object, expression func(on string) string) string {
	to := []string{matcher("destination_workload_namespace", object.Namespace), matcher("destination_workload", object.Name)}
	from := []string{matcher("source_workload_namespace", object.Namespace), matcher("source_workload", object.Name)}
	toCluster, fromCluster := "destination_cluster", "source_cluster"
	if object.Service {
		to = []string{matcher("destination_service_namespace", object.Namespace), matcher("destination_service_name", object.Name)}
	}
	if b.Cluster == "" { // of the metrics of all clusters, those of the object's
		to, from = append(to, matcher(toCluster, object.Cluster)), append(from, matcher(fromCluster, object.Cluster))
	}
	ways := []string{expression(on("destination", object.Pod, to)), expression(on("source", "", to))}
	if !object.Service {
		ways = append(ways, expression(on("source", object.Pod, from)))
	}
	if object.Pod != "" { // callers do not tell which pod answered
		ways = []string{ways[0], ways[2]}
	}
	return strings.Join(ways, " or ")
}

func on(reporter, pod string, matchers []string) string {
	all := append([]string{matcher("reporter", reporter)}, matchers...)
	if pod != "" {
		all = append(all, matcher("pod", pod))
	}
	return strings.Join(all, ", ")
}

func (b *Backend) containers(object Object) string {
	matchers := []string{
		matcher("namespace", object.Namespace), "pod=~" + strconv.Quote(strings.Join(object.Pods, "|")), `container!=""`, `container!="POD"`,
	}
	if b.Cluster == "" {
		// Where one backend has the metrics of all clusters, their scrapers name the cluster; where it has those of one, none does.
		matchers = append(matchers, "cluster=~"+strconv.Quote("|"+Literal(object.Cluster)))
	}
	return strings.Join(matchers, ", ")
}

func matcher(label, value string) string { return label + "=" + strconv.Quote(value) }
