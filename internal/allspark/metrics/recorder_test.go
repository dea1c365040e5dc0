package metrics

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/meshmanager/smm/internal/allspark/mesh"
)

// families renders what the recorder would serve and reads it again as Prometheus would.
func families(t *testing.T, r *Recorder) map[string]*dto.MetricFamily {
	t.Helper()
	var text bytes.Buffer
	if err := r.write(&text); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	parsed, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func labelsOf(metric *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, label := range metric.GetLabel() {
		labels[label.GetName()] = label.GetValue()
	}
	return labels
}

func exchange() Exchange {
	workload := func(name, version string) mesh.Workload {
		return mesh.Workload{Name: name + "-" + version, Namespace: "smm-demo", ServiceAccount: name, App: name, Version: version,
			Canonical: name, Revision: version, Cluster: "c1"}
	}
	return Exchange{
		Reporter:  Destination,
		From:      End{Workload: workload("catalog", "v1"), Principal: "spiffe://cluster.local/ns/smm-demo/sa/catalog"},
		To:        End{Workload: workload("movies", "v2"), Principal: "spiffe://cluster.local/ns/smm-demo/sa/movies"},
		Service:   mesh.ResolveHost("movies", "smm-demo", mesh.DefaultDomain),
		Protocol:  "grpc",
		MutualTLS: true,
	}
}

func TestRequestsCarryAllOfIstiosLabels(t *testing.T) {
	recorder := NewRecorder()
	recorder.Request(Request{Exchange: exchange(), Code: "200", GRPCStatus: "0", Duration: 3 * time.Millisecond,
		RequestBytes: 40, ResponseBytes: 900, RequestMessages: 1, ResponseMessages: 1})
	want := map[string]string{
		"reporter":                       "destination",
		"source_workload":                "catalog-v1",
		"source_workload_namespace":      "smm-demo",
		"source_principal":               "spiffe://cluster.local/ns/smm-demo/sa/catalog",
		"source_app":                     "catalog",
		"source_version":                 "v1",
		"source_canonical_service":       "catalog",
		"source_canonical_revision":      "v1",
		"source_cluster":                 "c1",
		"destination_workload":           "movies-v2",
		"destination_workload_namespace": "smm-demo",
		"destination_principal":          "spiffe://cluster.local/ns/smm-demo/sa/movies",
		"destination_app":                "movies",
		"destination_version":            "v2",
		"destination_canonical_service":  "movies",
		"destination_canonical_revision": "v2",
		"destination_cluster":            "c1",
		"destination_service":            "movies.smm-demo.svc.cluster.local",
		"destination_service_name":       "movies",
		"destination_service_namespace":  "smm-demo",
		"request_protocol":               "grpc",
		"response_flags":                 "-",
		"connection_security_policy":     "mutual_tls",
		"response_code":                  "200",
		"grpc_response_status":           "0",
	}
	got := families(t, recorder)
	for _, name := range []string{"istio_requests_total", "istio_request_duration_milliseconds", "istio_request_bytes", "istio_response_bytes"} {
		metrics := got[name].GetMetric()
		if len(metrics) != 1 {
			t.Fatalf("%s: %d series, want 1", name, len(metrics))
		}
		if diff := cmp.Diff(want, labelsOf(metrics[0])); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if n := got["istio_request_messages_total"].GetMetric()[0].GetCounter().GetValue(); n != 1 {
		t.Errorf("istio_request_messages_total = %v", n)
	}
}

func TestHistogramsHaveEnvoysBounds(t *testing.T) {
	recorder := NewRecorder()
	recorder.Request(Request{Exchange: exchange(), Code: "200", Duration: 700 * time.Microsecond})
	histogram := families(t, recorder)["istio_request_duration_milliseconds"].GetMetric()[0].GetHistogram()
	counts := map[float64]uint64{}
	for _, bucket := range histogram.GetBucket() {
		counts[bucket.GetUpperBound()] = bucket.GetCumulativeCount()
	}
	if len(counts) != 20 || counts[0.5] != 0 || counts[1] != 1 || counts[3600000] != 1 {
		t.Errorf("buckets %v: want 19 bounds of Envoy and +Inf, and 0.7 ms between 0.5 and 1", counts)
	}
}

// What nobody proved must not be told: the labels then say unknown, as Istio's proxies do.
func TestUnprovenPeersAreUnknown(t *testing.T) {
	e := exchange()
	e.From, e.MutualTLS = End{}, false
	recorder := NewRecorder()
	recorder.Request(Request{Exchange: e, Code: CodeNoResponse, GRPCStatus: "14"})
	labels := labelsOf(families(t, recorder)["istio_requests_total"].GetMetric()[0])
	for name, value := range labels {
		if strings.HasPrefix(name, "source_") && value != "unknown" {
			t.Errorf("%s = %q, want unknown", name, value)
		}
	}
	if labels["connection_security_policy"] != "none" {
		t.Errorf("connection_security_policy = %q, want none", labels["connection_security_policy"])
	}
}

func TestSourceLeavesTheSecurityPolicyToTheDestination(t *testing.T) {
	e := exchange()
	e.Reporter = Source
	if got := e.securityPolicy(); got != "unknown" {
		t.Errorf("got %q", got)
	}
}

func TestConnectionsAreCountedWhenOpenedAndClosed(t *testing.T) {
	e := exchange()
	e.Protocol = "tcp"
	recorder := NewRecorder()
	closed := recorder.Connection(e)
	value := func(name string) float64 {
		var sum float64
		for _, metric := range families(t, recorder)[name].GetMetric() {
			sum += metric.GetCounter().GetValue()
		}
		return sum
	}
	if value("istio_tcp_connections_opened_total") != 1 || value("istio_tcp_connections_closed_total") != 0 {
		t.Error("an open connection must be counted as opened only")
	}
	closed(300, 20)
	for name, want := range map[string]float64{
		"istio_tcp_connections_closed_total": 1, "istio_tcp_sent_bytes_total": 300, "istio_tcp_received_bytes_total": 20,
	} {
		if got := value(name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
}

func TestNilRecorderRecordsNothing(t *testing.T) {
	var recorder *Recorder
	recorder.Request(Request{})
	recorder.Connection(Exchange{})(1, 1)
}
