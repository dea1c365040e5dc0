package upstream

import (
	"context"
	"net"
	"net/http"
	"sync"

	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// httpOptions is the name of a cluster's options for HTTP.
const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

// Transports send HTTP requests to clusters, over connections that are kept.
type Transports struct {
	clusters *Clusters

	mu         sync.Mutex
	transports map[transportKey]*http.Transport
}

type transportKey struct {
	cluster string
	http2   bool
}

// NewTransports sends to these clusters.
func NewTransports(clusters *Clusters) *Transports {
	return &Transports{clusters: clusters, transports: map[transportKey]*http.Transport{}}
}

// For returns the transport for requests that came in over a version of HTTP and go to a cluster.
func (t *Transports) For(cluster *Cluster, downstreamMajor int) http.RoundTripper {
	key := transportKey{cluster.config.GetName(), cluster.speaksHTTP2(downstreamMajor)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.transports[key]; found != nil {
		return found
	}
	var protocols http.Protocols
	protocols.SetHTTP1(!key.http2)
	protocols.SetUnencryptedHTTP2(key.http2)
	transport := &http.Transport{
		Protocols: &protocols, DisableCompression: true, MaxIdleConnsPerHost: 64, IdleConnTimeout: idleTimeout,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			current := t.clusters.Get(key.cluster)
			if current == nil {
				return nil, ErrNoEndpoint
			}
			return current.Dial(ctx)
		},
	}
	t.transports[key] = transport
	return transport
}

// speaksHTTP2 tells which version of HTTP a cluster wants.
func (c *Cluster) speaksHTTP2(downstreamMajor int) bool {
	var options httpv3.HttpProtocolOptions
	packed := c.config.GetTypedExtensionProtocolOptions()[httpOptions]
	if packed == nil || packed.UnmarshalTo(&options) != nil {
		return false
	}
	if options.GetUseDownstreamProtocolConfig() != nil {
		return downstreamMajor == 2
	}
	return options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil
}
