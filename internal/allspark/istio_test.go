package allspark_test

import (
	"net"
	"strconv"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// What istiod sends to a proxyless workload, as far as these tests need it.

const (
	listeners     = "type.googleapis.com/envoy.config.listener.v3.Listener"
	routes        = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	clusters      = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	endpoints     = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	inboundPrefix = "xds.istio.io/grpc/lds/inbound/"
)

func pack(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func filter(t *testing.T, name string, message proto.Message) *hcmv3.HttpFilter {
	t.Helper()
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: pack(t, message)}}
}

// outbound configures calls to the service at host:port: filters, and how many percent go to which program.
func (p *program) outbound(service string, weights map[*program]uint32, filters ...*hcmv3.HttpFilter) {
	p.t.Helper()
	manager := &hcmv3.HttpConnectionManager{
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
			ConfigSource:    &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}},
			RouteConfigName: "route " + service,
		}},
		HttpFilters: append(filters, filter(p.t, "router", &routerv3.Router{})),
	}
	p.agent.Set(p.t, listeners, service, &listenerv3.Listener{
		Name: service, ApiListener: &listenerv3.ApiListener{ApiListener: pack(p.t, manager)},
	})
	var weighted []*routev3.WeightedCluster_ClusterWeight
	for target, weight := range weights {
		name := "outbound " + target.addresses["grpc"]
		p.cluster(name, target)
		weighted = append(weighted, &routev3.WeightedCluster_ClusterWeight{Name: name, Weight: wrapperspb.UInt32(weight)})
	}
	p.agent.Set(p.t, routes, "route "+service, &routev3.RouteConfiguration{
		Name: "route " + service,
		VirtualHosts: []*routev3.VirtualHost{{Name: service, Domains: []string{"*"}, Routes: []*routev3.Route{{
			Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{}},
			Action: &routev3.Route_Route{Route: &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_WeightedClusters{
				WeightedClusters: &routev3.WeightedCluster{Clusters: weighted},
			}}},
		}}}},
	})
}

// cluster configures calls to one program over mutual TLS, as a DestinationRule with ISTIO_MUTUAL does.
func (p *program) cluster(name string, target *program) {
	p.t.Helper()
	tls := &tlsv3.UpstreamTlsContext{CommonTlsContext: commonTLS(&tlsv3.CertificateValidationContext{
		CaCertificateProviderInstance: &tlsv3.CertificateProviderPluginInstance{InstanceName: "default"},
	})}
	p.agent.Set(p.t, clusters, name, &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{
			EdsConfig: &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}},
		},
		TransportSocket: transportSocket(p.t, tls),
	})
	p.agent.Set(p.t, endpoints, name, &endpointv3.ClusterLoadAssignment{
		ClusterName: name,
		Endpoints: []*endpointv3.LocalityLbEndpoints{{
			Locality:            &corev3.Locality{Region: "region1"},
			LoadBalancingWeight: wrapperspb.UInt32(1),
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
				Endpoint: &endpointv3.Endpoint{Address: socketAddress(p.t, target.addresses["grpc"])},
			}}},
		}},
	})
}

// inbound lets the program's gRPC server serve over mutual TLS, with filters.
func (p *program) inbound(filters ...*hcmv3.HttpFilter) {
	p.t.Helper()
	address := p.addresses["grpc"]
	manager := &hcmv3.HttpConnectionManager{
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			Name: "inbound",
			VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{{
				Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
				Action: &routev3.Route_NonForwardingAction{NonForwardingAction: &routev3.NonForwardingAction{}},
			}}}},
		}},
		HttpFilters: append(filters, filter(p.t, "router", &routerv3.Router{})),
	}
	tls := &tlsv3.DownstreamTlsContext{
		RequireClientCertificate: wrapperspb.Bool(true),
		CommonTlsContext: commonTLS(&tlsv3.CertificateValidationContext{
			CaCertificateProviderInstance: &tlsv3.CertificateProviderPluginInstance{InstanceName: "default"},
		}),
	}
	p.agent.Set(p.t, listeners, inboundPrefix+address, &listenerv3.Listener{
		Name:    inboundPrefix + address,
		Address: socketAddress(p.t, address),
		FilterChains: []*listenerv3.FilterChain{{
			Filters:         []*listenerv3.Filter{{Name: "hcm", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(p.t, manager)}}},
			TransportSocket: transportSocket(p.t, tls),
		}},
	})
}

// deny is the filter of an AuthorizationPolicy that denies a principal.
func deny(t *testing.T, principal string) *hcmv3.HttpFilter {
	t.Helper()
	return filter(t, "deny", &rbacfilterv3.RBAC{Rules: &rbacv3.RBAC{
		Action: rbacv3.RBAC_DENY,
		Policies: map[string]*rbacv3.Policy{"deny": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_Any{Any: true}}},
			Principals: []*rbacv3.Principal{{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{
				PrincipalName: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: principal}},
			}}}},
		}},
	}})
}

// abort is the filter of a VirtualService's fault that aborts all calls.
func abort(t *testing.T, grpcStatus uint32) *hcmv3.HttpFilter {
	t.Helper()
	return filter(t, "fault", &faultv3.HTTPFault{Abort: &faultv3.FaultAbort{
		ErrorType:  &faultv3.FaultAbort_GrpcStatus{GrpcStatus: grpcStatus},
		Percentage: &typev3.FractionalPercent{Numerator: 100},
	}})
}

func commonTLS(validation *tlsv3.CertificateValidationContext) *tlsv3.CommonTlsContext {
	return &tlsv3.CommonTlsContext{
		TlsCertificateProviderInstance: &tlsv3.CertificateProviderPluginInstance{InstanceName: "default"},
		ValidationContextType:          &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: validation},
	}
}

func transportSocket(t *testing.T, context proto.Message) *corev3.TransportSocket {
	t.Helper()
	return &corev3.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(t, context)},
	}
}

func socketAddress(t *testing.T, address string) *corev3.Address {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(number)},
	}}}
}
