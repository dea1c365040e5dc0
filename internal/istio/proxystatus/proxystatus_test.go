package proxystatus_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/istio/proxystatus"
)

// The answer has the form of Istio's /debug/syncz; older releases tell nothing of single resources.
const answer = `[
  {"cluster_id": "c1", "proxy": "cart-1.shop", "proxy_type": "sidecar", "istio_version": "1.31.1",
   "cluster_sent": "a", "cluster_acked": "a", "listener_sent": "b", "listener_acked": "a", "endpoint_sent": "c",
   "resources": {
     "type.googleapis.com/envoy.config.listener.v3.Listener": {"sent": "b", "acked": "a", "sentTime": "2026-11-27T11:59:50Z"},
     "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment": {"sent": "c", "sentTime": "2026-11-27T11:00:00Z"},
     "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": {"lastError": "bad route"}}},
  {"proxy": "vm.with.dots.shop", "cluster_sent": "1", "cluster_acked": "0"},
  {"proxy": "nameless"}
]`

func TestParse(t *testing.T) {
	proxies, err := proxystatus.Parse([]byte(answer), time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	none := proxystatus.NotSent
	want := []proxystatus.Proxy{
		{
			Name: "vm.with.dots", Namespace: "shop", Errors: map[string]string{},
			States: map[string]proxystatus.State{"CDS": proxystatus.Stale, "LDS": none, "EDS": none, "RDS": none, "ECDS": none},
		},
		{
			Cluster: "c1", Name: "cart-1", Namespace: "shop", Version: "1.31.1", Errors: map[string]string{"RDS": "bad route"},
			States: map[string]proxystatus.State{
				"CDS": proxystatus.Synced, "LDS": proxystatus.Synced, // sent ten seconds ago
				"EDS": proxystatus.Stale, "RDS": proxystatus.Rejected, "ECDS": none,
			},
		},
	}
	if diff := cmp.Diff(want, proxies); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"EDS"}, proxies[1].In(proxystatus.Stale)); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesWhatIsNoAnswer(t *testing.T) {
	for _, text := range []string{"", "Proxy not connected", `{"error": "x"}`} {
		if proxies, err := proxystatus.Parse([]byte(text), time.Now()); err == nil {
			t.Errorf("%q: %v", text, proxies)
		}
	}
}
