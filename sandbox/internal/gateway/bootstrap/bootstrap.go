// Package bootstrap reads the file that Istio's agent starts Envoy with.
package bootstrap

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// Bootstrap is what the program starts with.
type Bootstrap struct {
	// Node is who this is to istiod.
	Node *corev3.Node
	// Admin is the address of the admin server.
	Admin string
	// XDS is the gRPC target of the server of aggregated discovery.
	XDS string
	// Clusters and Listeners are there without discovery.
	Clusters  []*clusterv3.Cluster
	Listeners []*listenerv3.Listener
}

// Parse reads the JSON of a bootstrap. What a gateway does not need is left out.
func Parse(text []byte) (Bootstrap, error) {
	var file bootstrapv3.Bootstrap
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true, Resolver: tolerant{}}).Unmarshal(text, &file); err != nil {
		return Bootstrap{}, err
	}
	b := Bootstrap{
		Node:      file.GetNode(),
		Clusters:  file.GetStaticResources().GetClusters(),
		Listeners: file.GetStaticResources().GetListeners(),
	}
	if kind, _, _ := strings.Cut(b.Node.GetId(), "~"); kind != "router" {
		return Bootstrap{}, fmt.Errorf("node %q is no gateway: this is a stand-in for Envoy as a gateway only", b.Node.GetId())
	}
	admin := file.GetAdmin().GetAddress().GetSocketAddress()
	if admin == nil {
		return Bootstrap{}, errors.New("it has no address for the admin server")
	}
	b.Admin = net.JoinHostPort(admin.GetAddress(), strconv.Itoa(int(admin.GetPortValue())))
	var err error
	b.XDS, err = b.target(file.GetDynamicResources().GetAdsConfig())
	return b, err
}

// target finds the address of the discovery server, which the bootstrap has as a cluster.
func (b Bootstrap) target(ads *corev3.ApiConfigSource) (string, error) {
	if len(ads.GetGrpcServices()) == 0 {
		return "", errors.New("it names no discovery server")
	}
	name := ads.GetGrpcServices()[0].GetEnvoyGrpc().GetClusterName()
	for _, cluster := range b.Clusters {
		if cluster.GetName() != name {
			continue
		}
		for _, locality := range cluster.GetLoadAssignment().GetEndpoints() {
			for _, endpoint := range locality.GetLbEndpoints() {
				return targetOf(endpoint.GetEndpoint().GetAddress()), nil
			}
		}
	}
	return "", fmt.Errorf("the discovery server is the cluster %q, which has no endpoint", name)
}

func targetOf(address *corev3.Address) string {
	if pipe := address.GetPipe(); pipe != nil {
		return "unix:" + pipe.GetPath()
	}
	socket := address.GetSocketAddress()
	return "passthrough:///" + net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue())))
}
