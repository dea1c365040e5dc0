package listener

import (
	"net"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	"google.golang.org/protobuf/proto"
)

// The network filters that are in effect here.
const (
	filterHTTP       = "envoy.filters.network.http_connection_manager"
	filterTCP        = "envoy.filters.network.tcp_proxy"
	filterSNICluster = "envoy.filters.network.sni_cluster"
)

// chainHandler handles the connections of one filter chain.
type chainHandler struct {
	Surroundings

	tcp        *tcpproxyv3.TcpProxy
	sniCluster bool // the server name is the name of the cluster
	http       *httpServer
}

// newChainHandler tells what of the chain's filters is not in effect.
func newChainHandler(chain *listenerv3.FilterChain, where string, surroundings Surroundings) *chainHandler {
	h := &chainHandler{Surroundings: surroundings}
	if chain.GetTransportSocket() != nil {
		surroundings.Notes.Missing("TLS that ends at the gateway", where)
		return h
	}
	for _, filter := range chain.GetFilters() {
		switch filter.GetName() {
		case filterSNICluster:
			h.sniCluster = true
		case filterTCP:
			h.tcp = decode(filter, &tcpproxyv3.TcpProxy{})
		case filterHTTP:
			if manager := decode(filter, &hcmv3.HttpConnectionManager{}); manager != nil {
				h.http = newHTTPServer(manager, where, surroundings)
			}
		default:
			surroundings.Notes.Missing("the filter "+filter.GetName(), where)
		}
	}
	return h
}

// decode returns nil for what is no such filter.
func decode[M proto.Message](filter *listenerv3.Filter, into M) M {
	if err := filter.GetTypedConfig().UnmarshalTo(into); err != nil {
		var none M
		return none
	}
	return into
}

func (h *chainHandler) serve(connection net.Conn, hello Hello) {
	switch {
	case h.http != nil:
		h.http.serve(connection)
	case h.tcp != nil:
		h.forward(connection, hello)
	default:
		connection.Close()
	}
}

// retire ends what is only for new connections.
func (h *chainHandler) retire() {
	if h.http != nil {
		h.http.retire()
	}
}

// routesOf are the names of the routes that a listener's filters refer to.
func routesOf(config *listenerv3.Listener) []string {
	var names []string
	for _, chain := range append(config.GetFilterChains(), config.GetDefaultFilterChain()) {
		for _, filter := range chain.GetFilters() {
			if filter.GetName() != filterHTTP {
				continue
			}
			if name := decode(filter, &hcmv3.HttpConnectionManager{}).GetRds().GetRouteConfigName(); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
