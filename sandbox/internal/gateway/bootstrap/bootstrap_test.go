package bootstrap

import (
	"os"
	"strings"
	"testing"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// gateway is a bootstrap as Istio's agent writes it for a gateway, shortened.
func gateway(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/gateway.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParse(t *testing.T) {
	b, err := Parse([]byte(gateway(t)))
	if err != nil {
		t.Fatal(err)
	}
	if b.Admin != "127.0.0.1:15000" || b.XDS != "unix:./etc/istio/proxy/XDS" {
		t.Errorf("admin server %q, discovery server %q", b.Admin, b.XDS)
	}
	if network := b.Node.GetMetadata().GetFields()["NETWORK"].GetStringValue(); network != "network1" {
		t.Errorf("istiod would be told of the network %q", network)
	}
	if len(b.Clusters) != 2 || len(b.Listeners) != 1 {
		t.Fatalf("%d clusters and %d listeners", len(b.Clusters), len(b.Listeners))
	}
	var manager hcmv3.HttpConnectionManager
	if err := b.Listeners[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(&manager); err != nil {
		t.Fatal(err)
	}
	if cluster := manager.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].GetRoute().GetCluster(); cluster != "agent" {
		t.Errorf("readiness is asked of %q", cluster)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"a sidecar":                   {`"id": "router~`, `"id": "sidecar~`, "stand-in for Envoy as a gateway only"},
		"no discovery server":         {`"grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]`, `"grpc_services": []`, "no discovery server"},
		"an unknown discovery server": {`{"envoy_grpc": {"cluster_name": "xds-grpc"}}`, `{"envoy_grpc": {"cluster_name": "other"}}`, `cluster "other"`},
		"no admin server":             {`"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15000}}`, `"address": {}`, "admin server"},
		"no JSON":                     {`{`, ``, "syntax error"},
	} {
		text := strings.Replace(gateway(t), test.old, test.new, 1)
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}
