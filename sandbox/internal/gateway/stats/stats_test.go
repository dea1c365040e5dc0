package stats

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriting(t *testing.T) {
	r := NewRegistry()
	r.Gauge("server", "", "state").Store(0)
	r.Counter("cluster_manager", "", "cds.update_success").Add(2)
	r.Counter("cluster", "outbound_.80_._.b.default", "upstream_cx_total").Add(1)
	r.Counter("cluster", "outbound_.80_._.a.default", "upstream_cx_total").Add(1)
	r.Counter("cluster", "outbound_.80_._.a.default", "upstream_cx_total").Add(1)
	r.Gauge("listener", "0.0.0.0_15443", "downstream_cx_active").Add(1)

	var text strings.Builder
	if err := r.WriteText(&text, regexp.MustCompile(`^(server\.state|cluster\.)`)); err != nil {
		t.Fatal(err)
	}
	want := `cluster.outbound_.80_._.a.default.upstream_cx_total: 2
cluster.outbound_.80_._.b.default.upstream_cx_total: 1
server.state: 0
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("/stats (-want +got):\n%s", diff)
	}

	var metrics strings.Builder
	if err := r.WritePrometheus(&metrics); err != nil {
		t.Fatal(err)
	}
	want = `# TYPE envoy_cluster_upstream_cx_total counter
envoy_cluster_upstream_cx_total{cluster_name="outbound_.80_._.a.default"} 2
envoy_cluster_upstream_cx_total{cluster_name="outbound_.80_._.b.default"} 1
# TYPE envoy_cluster_manager_cds_update_success counter
envoy_cluster_manager_cds_update_success 2
# TYPE envoy_listener_downstream_cx_active gauge
envoy_listener_downstream_cx_active{listener_address="0.0.0.0_15443"} 1
# TYPE envoy_server_state gauge
envoy_server_state 0
`
	if diff := cmp.Diff(want, metrics.String()); diff != "" {
		t.Errorf("/stats/prometheus (-want +got):\n%s", diff)
	}
}
