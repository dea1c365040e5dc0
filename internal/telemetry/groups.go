package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Group is what a measure is asked of: all workloads, all services, or all pods of a cluster.
type Group string

// The groups.
const (
	Workloads Group = "workload"
	Services  Group = "service"
	Pods      Group = "pod"
)

// Member is one of a group.
type Member struct{ Namespace, Name string }

// ErrNoBackend tells that no backend has the metrics of a cluster.
var ErrNoBackend = errors.New("no metrics backend is configured")

// Each asks for a measure of all members of a group at an instant, with one question. Rates are those of the window.
func (m *Mesh) Each(ctx context.Context, cluster string, group Group, measure Measure, window time.Duration, at time.Time) (map[Member]float64, error) {
	b := m.backendOf(cluster)
	if b == nil {
		return nil, ErrNoBackend
	}
	values, err := b.Query(ctx, b.groupExpression(cluster, group, measure, window), at)
	if err != nil {
		return nil, err
	}
	found := make(map[Member]float64, len(values))
	for _, value := range values {
		if member, better := memberOf(value.Labels); better || !has(found, member) {
			found[member] = value.Value
		}
	}
	return found, nil
}

// EachOver asks for a measure of all members of a group over time, with one question.
func (m *Mesh) EachOver(ctx context.Context, cluster string, group Group, measure Measure, window time.Duration, span Span) (map[Member][]Point, error) {
	b := m.backendOf(cluster)
	if b == nil {
		return nil, ErrNoBackend
	}
	lines, err := b.Range(ctx, b.groupExpression(cluster, group, measure, window), span.From, span.To, span.Step)
	if err != nil {
		return nil, err
	}
	found := make(map[Member][]Point, len(lines))
	for _, line := range lines {
		if member, better := memberOf(line.Labels); better || !has(found, member) {
			found[member] = line.Points
		}
	}
	return found, nil
}

func has[T any](found map[Member]T, member Member) bool {
	_, is := found[member]
	return is
}

func (m *Mesh) backendOf(cluster string) *Backend {
	for _, b := range m.All() {
		if b.Cluster == "" || b.Cluster == cluster {
			return b
		}
	}
	return nil
}

// memberOf reads who a value is about. What answers is told better by what arrives than by what it sends on itself.
func memberOf(labels map[string]string) (member Member, better bool) {
	for _, names := range [][2]string{
		{"destination_workload_namespace", "destination_workload"}, {"destination_service_namespace", "destination_service_name"}, {"namespace", "pod"},
	} {
		if name, found := labels[names[1]]; found {
			return Member{labels[names[0]], name}, true
		}
	}
	return Member{labels["source_workload_namespace"], labels["source_workload"]}, false
}

// groupExpression is PromQL for one value of each member.
func (b *Backend) groupExpression(cluster string, group Group, measure Measure, window time.Duration) string {
	w := promDuration(window)
	if group == Pods {
		return b.podExpression(cluster, measure, w)
	}
	by, atCluster := "destination_workload_namespace, destination_workload", "destination_cluster"
	if group == Services {
		by = "destination_service_namespace, destination_service_name"
	}
	// As for one object: the end that answers tells, else callers, else, for a gateway, what it sends on.
	ways := []string{
		perMember(measure, by, b.selector("destination", atCluster, cluster), w),
		perMember(measure, by, b.selector("source", atCluster, cluster), w),
	}
	if group == Workloads {
		ways = append(ways, perMember(measure, "source_workload_namespace, source_workload", b.selector("source", "source_cluster", cluster), w))
	}
	return strings.Join(ways, " or ")
}

func (b *Backend) selector(reporter, label, cluster string) string {
	matchers := matcher("reporter", reporter)
	if b.Cluster == "" { // of the metrics of all clusters, those of the one
		matchers += ", " + matcher(label, cluster)
	}
	return matchers
}

func perMember(measure Measure, by, on, w string) string {
	all := fmt.Sprintf("sum by (%s) (rate(%s{%s}[%s]))", by, requestsMetric, on, w)
	switch measure {
	case ErrorRate:
		failed := fmt.Sprintf(`sum by (%[4]s) (rate(%[1]s{%[2]s, response_code=~"5.."}[%[3]s]) or rate(%[1]s{%[2]s, response_code="200", grpc_response_status=~"2|4|8|12|13|14|15"}[%[3]s]))`,
			requestsMetric, on, w, by)
		return fmt.Sprintf("(%s or 0 * %s) / (%s > 0)", failed, all, all)
	case P50, P95, P99:
		quantile := map[Measure]float64{P50: 0.5, P95: 0.95, P99: 0.99}[measure]
		return fmt.Sprintf("histogram_quantile(%g, sum by (le, %s) (rate(%s{%s}[%s]))) / 1000", quantile, by, durationMetric, on, w)
	}
	return all
}

func (b *Backend) podExpression(cluster string, measure Measure, w string) string {
	on := `container!="", container!="POD"`
	if b.Cluster == "" {
		on += ", cluster=~" + strconv.Quote("|"+Literal(cluster))
	}
	switch measure {
	case Memory:
		return fmt.Sprintf("sum by (namespace, pod) (container_memory_working_set_bytes{%s})", on)
	case CPUThrottled:
		return fmt.Sprintf("sum by (namespace, pod) (rate(container_cpu_cfs_throttled_periods_total{%[1]s}[%[2]s])) / (sum by (namespace, pod) (rate(container_cpu_cfs_periods_total{%[1]s}[%[2]s])) > 0)", on, w)
	}
	return fmt.Sprintf("sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{%s}[%s]))", on, w)
}
