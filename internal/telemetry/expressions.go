package telemetry

import (
	"fmt"
	"strings"
	"time"
)

// The metrics that Istio's proxies and proxyless workloads report.
const (
	requestsMetric    = "istio_requests_total"
	durationMetric    = "istio_request_duration_milliseconds_bucket"
	connectionsMetric = "istio_tcp_connections_opened_total"
	sentMetric        = "istio_tcp_sent_bytes_total"
	receivedMetric    = "istio_tcp_received_bytes_total"
)

const (
	// ends are the labels that name both ends of an edge and what was called.
	ends = "reporter, source_cluster, source_workload_namespace, source_workload, " +
		"destination_cluster, destination_workload_namespace, destination_workload, " +
		"destination_service, destination_service_name, destination_service_namespace, request_protocol"
	// details are the further labels that say who and how.
	details = "source_app, source_version, source_principal, destination_app, destination_version, connection_security_policy, response_flags"
	// measureLabel tells apart what one question asks of TCP.
	measureLabel = "smm_measure"
)

// requestsExpression asks for all requests of a second.
func requestsExpression(window time.Duration) string {
	return fmt.Sprintf("sum by (%s, %s, response_code, grpc_response_status) (%s)", ends, details, fresh(requestsMetric, window))
}

// connectionsExpression asks for all connections opened and bytes sent and received in a second.
func connectionsExpression(window time.Duration) string {
	var parts []string
	for _, metric := range []string{connectionsMetric, sentMetric, receivedMetric} {
		parts = append(parts, fmt.Sprintf(`label_replace(%s, "%s", "%s", "", "")`, fresh(metric, window), measureLabel, metric))
	}
	return fmt.Sprintf("sum by (%s, %s, %s) (%s)", measureLabel, ends, details, strings.Join(parts, " or "))
}

// fresh is the rate of a counter, and of one that began in the window, of which there is only one value yet: all of it
// was counted since, if its target was asked before. So a new edge is seen after the first scrape.
func fresh(metric string, window time.Duration) string {
	return fmt.Sprintf("(rate(%[1]s[%[2]s]) or (last_over_time(%[1]s[%[2]s]) unless %[1]s offset %[2]s unless rate(%[1]s[%[2]s])) / %[3]g"+
		" and on (job, instance) (up offset %[2]s == 1))", metric, promDuration(window), window.Seconds())
}

// Scope says what latencies are about.
type Scope string

// The scopes.
const (
	ByEdge     Scope = ends
	ByWorkload Scope = "reporter, destination_cluster, destination_workload_namespace, destination_workload"
	ByService  Scope = "reporter, destination_cluster, destination_service_name, destination_service_namespace"
)

// latencyExpression asks for a quantile of the duration of requests, in milliseconds.
func latencyExpression(quantile float64, scope Scope, window time.Duration) string {
	return fmt.Sprintf("histogram_quantile(%g, sum by (le, %s) (rate(%s[%s])))", quantile, scope, durationMetric, promDuration(window))
}

// bucketsExpression asks for the histograms of namespaces, which can be added where latencies cannot.
func bucketsExpression(window time.Duration) string {
	return fmt.Sprintf("sum by (le, reporter, destination_cluster, destination_workload_namespace) (rate(%s[%s]))",
		durationMetric, promDuration(window))
}

func promDuration(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }
