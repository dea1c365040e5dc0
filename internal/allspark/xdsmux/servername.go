package xdsmux

import (
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// maxServerName is the longest server name that gRPC takes, in bytes.
const maxServerName = 255

// named adds to a cluster with TLS the server name by which gateways to other networks know it, as istiod does for
// Envoy but not for gRPC. gRPC sends it if GRPC_EXPERIMENTAL_XDS_SNI is true.
func named(resource *anypb.Any) (*anypb.Any, error) {
	var cluster clusterv3.Cluster
	if err := resource.UnmarshalTo(&cluster); err != nil {
		return nil, fmt.Errorf("decode cluster: %w", err)
	}
	var tls tlsv3.UpstreamTlsContext
	socket := cluster.GetTransportSocket().GetTypedConfig()
	name := serverName(cluster.GetName())
	if name == "" || !socket.MessageIs(&tls) {
		return resource, nil
	}
	if err := socket.UnmarshalTo(&tls); err != nil {
		return nil, fmt.Errorf("decode the TLS settings of cluster %s: %w", cluster.GetName(), err)
	}
	if tls.GetSni() != "" {
		return resource, nil
	}
	tls.Sni = name
	if err := socket.MarshalFrom(&tls); err != nil {
		return nil, fmt.Errorf("encode the TLS settings of cluster %s: %w", cluster.GetName(), err)
	}
	// Deterministic, since resources are compared to find out what has changed.
	changed := &anypb.Any{}
	return changed, anypb.MarshalFrom(changed, &cluster, proto.MarshalOptions{Deterministic: true})
}

// serverName is the name of a service's cluster in the form of a host name: outbound_.8082_.v1_.movies.smm-demo.svc
// for outbound|8082|v1|movies.smm-demo.svc. It is "" for another kind of cluster.
func serverName(cluster string) string {
	if strings.Count(cluster, "|") != 3 {
		return ""
	}
	name := strings.ReplaceAll(cluster, "|", "_.")
	if len(name) > maxServerName {
		return ""
	}
	return name
}
