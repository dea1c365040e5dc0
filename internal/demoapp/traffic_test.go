package demoapp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const movies = `destination_workload="movies-v1",response_code="200"`

func TestMetricsAreAddedUpAsTheCalledEndReportsThem(t *testing.T) {
	text := `# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",` + movies + `,grpc_response_status="0",connection_security_policy="mutual_tls",source_workload="catalog-v1"} 90
istio_requests_total{reporter="destination",` + movies + `,grpc_response_status="7",connection_security_policy="mutual_tls",source_workload="bookings-v1"} 5
istio_requests_total{reporter="destination",destination_workload="movies-v1",response_code="503",grpc_response_status="",connection_security_policy="none"} 3
istio_requests_total{reporter="destination",destination_workload="movies-v1",response_code="404",grpc_response_status="",connection_security_policy="none"} 2
istio_requests_total{reporter="source",destination_workload="database-v1",response_code="200"} 1000
# TYPE istio_tcp_connections_opened_total counter
istio_tcp_connections_opened_total{reporter="destination",destination_workload="mysql",connection_security_policy="mutual_tls"} 4
# TYPE go_goroutines gauge
go_goroutines 12
`
	got, err := parseMetrics([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]counts{
		"movies-v1": {requests: 100, succeeded: 92, secured: 95},
		"mysql":     {connections: 4, securedTCP: 4},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(counts{})); diff != "" {
		t.Error(diff)
	}
}

// Rates must hold when pods come, go and start anew between the readings.
func TestDifferenceSurvivesRestarts(t *testing.T) {
	before := reading{
		"kept":      {"movies-v1": {requests: 100, succeeded: 100, secured: 100}},
		"restarted": {"movies-v1": {requests: 500, succeeded: 500}},
		"gone":      {"movies-v1": {requests: 70}},
	}
	after := reading{
		"kept":      {"movies-v1": {requests: 110, succeeded: 105, secured: 110}},
		"restarted": {"movies-v1": {requests: 6, succeeded: 5}},
		"new":       {"movies-v1": {requests: 4, succeeded: 4, secured: 4}},
	}
	got := difference(before, after)["movies-v1"]
	if want := (counts{requests: 20, succeeded: 14, secured: 14}); got != want {
		t.Errorf("difference %+v, want %+v", got, want)
	}
	traffic := got.over(2 * time.Second)
	if traffic.RequestsPerSecond != 10 || *traffic.SuccessRate != 0.7 || *traffic.MutualTLS != 0.7 {
		t.Errorf("traffic %+v", traffic)
	}
}

func TestNothingIsClaimedWithoutCalls(t *testing.T) {
	if w := (counts{}).over(time.Second); w.SuccessRate != nil || w.MutualTLS != nil {
		t.Errorf("rates without calls: %+v", w)
	}
	if w := (counts{connections: 4, securedTCP: 2}).over(time.Second); w.SuccessRate != nil || *w.MutualTLS != 0.5 || w.ConnectionsPerSecond != 4 {
		t.Errorf("connections only: %+v", w)
	}
}
