package xdsmux

import (
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
)

func packed(t *testing.T, cluster *clusterv3.Cluster) *anypb.Any {
	t.Helper()
	resource, err := anypb.New(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return resource
}

func withTLS(t *testing.T, name, sni string) *clusterv3.Cluster {
	t.Helper()
	context, err := anypb.New(&tlsv3.UpstreamTlsContext{Sni: sni})
	if err != nil {
		t.Fatal(err)
	}
	return &clusterv3.Cluster{Name: name, TransportSocket: &corev3.TransportSocket{
		Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: context},
	}}
}

func TestNamed(t *testing.T) {
	const movies = "outbound|8082|v1|movies.smm-demo.svc.cluster.local"
	long := "outbound|80||" + strings.Repeat("a", maxServerName)
	for name, test := range map[string]struct{ given, want *clusterv3.Cluster }{
		"a subset":               {withTLS(t, movies, ""), withTLS(t, movies, "outbound_.8082_.v1_.movies.smm-demo.svc.cluster.local")},
		"a whole service":        {withTLS(t, "outbound|80||a.b", ""), withTLS(t, "outbound|80||a.b", "outbound_.80_._.a.b")},
		"a name that istiod set": {withTLS(t, movies, "movies.example.org"), withTLS(t, movies, "movies.example.org")},
		"plain text":             {&clusterv3.Cluster{Name: movies}, &clusterv3.Cluster{Name: movies}},
		"no service":             {withTLS(t, "PassthroughCluster", ""), withTLS(t, "PassthroughCluster", "")},
		"too long for gRPC":      {withTLS(t, long, ""), withTLS(t, long, "")},
	} {
		got, err := named(packed(t, test.given))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var cluster clusterv3.Cluster
		if err := got.UnmarshalTo(&cluster); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, &cluster, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
