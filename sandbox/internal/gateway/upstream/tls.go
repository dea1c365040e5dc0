package upstream

import (
	"errors"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
)

// ErrTLS is that a cluster asks for TLS that begins at the gateway, which a stand-in does not do.
var ErrTLS = errors.New("its endpoints want TLS from the gateway, which the stand-in does not speak: it only passes TLS on")

// The names of the transport socket that changes nothing, and of the metadata by which an endpoint gets its own.
const (
	rawBuffer      = "envoy.transport_sockets.raw_buffer"
	socketMetadata = "envoy.transport_socket_match"
)

// needsTLS tells whether connections to an endpoint begin with a handshake of the gateway's.
func needsTLS(cluster *clusterv3.Cluster, e endpoint) bool {
	socket := cluster.GetTransportSocket()
	for _, candidate := range cluster.GetTransportSocketMatches() {
		if matches(candidate, e.metadata) {
			socket = candidate.GetTransportSocket()
			break
		}
	}
	return socket.GetName() != "" && socket.GetName() != rawBuffer
}

// matches tells whether an endpoint's metadata has all that a transport socket is for.
func matches(candidate *clusterv3.Cluster_TransportSocketMatch, metadata *corev3.Metadata) bool {
	has := metadata.GetFilterMetadata()[socketMetadata].GetFields()
	for key, value := range candidate.GetMatch().GetFields() {
		if !proto.Equal(has[key], value) {
			return false
		}
	}
	return true
}
