package listener

import (
	"slices"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// Hello is what a connection begins with.
type Hello struct {
	TLS        bool
	ServerName string
	Protocols  []string // that are offered (ALPN)
}

// The values of a match's transport protocol.
const (
	transportTLS   = "tls"
	transportPlain = "raw_buffer"
)

// Choose returns the filter chain for a connection; nil if none is for it. As Envoy does, it looks at the server name,
// then at the transport protocol, then at the offered protocols. Each time the chains with the most specific match stay,
// and what was put aside does not come back.
func Choose(config *listenerv3.Listener, hello Hello) *listenerv3.FilterChain {
	chains := config.GetFilterChains()
	chains = mostSpecific(chains, serverNames(hello.ServerName), func(c *listenerv3.FilterChain) []string {
		return lower(c.GetFilterChainMatch().GetServerNames())
	})
	chains = mostSpecific(chains, []string{transport(hello)}, func(c *listenerv3.FilterChain) []string {
		if protocol := c.GetFilterChainMatch().GetTransportProtocol(); protocol != "" {
			return []string{protocol}
		}
		return nil
	})
	chains = mostSpecific(chains, offered(hello.Protocols), func(c *listenerv3.FilterChain) []string {
		return c.GetFilterChainMatch().GetApplicationProtocols()
	})
	if len(chains) > 0 {
		return chains[0]
	}
	return config.GetDefaultFilterChain()
}

// mostSpecific keeps the chains that match the first possible candidate, or else those that match anything.
func mostSpecific(chains []*listenerv3.FilterChain, candidates []string, wanted func(*listenerv3.FilterChain) []string) []*listenerv3.FilterChain {
	for _, candidate := range candidates {
		if found := keep(chains, func(c *listenerv3.FilterChain) bool { return slices.Contains(wanted(c), candidate) }); len(found) > 0 {
			return found
		}
	}
	return keep(chains, func(c *listenerv3.FilterChain) bool { return len(wanted(c)) == 0 })
}

func keep(chains []*listenerv3.FilterChain, condition func(*listenerv3.FilterChain) bool) []*listenerv3.FilterChain {
	var kept []*listenerv3.FilterChain
	for _, c := range chains {
		if condition(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// serverNames are the names in a match that a server name fits, the most specific first.
func serverNames(name string) []string {
	name = strings.ToLower(name)
	if name == "" {
		return nil
	}
	names := []string{name}
	for rest := name; ; {
		_, after, more := strings.Cut(rest, ".")
		if !more {
			return names
		}
		names, rest = append(names, "*."+after), after
	}
}

func transport(hello Hello) string {
	if hello.TLS {
		return transportTLS
	}
	return transportPlain
}

// offered are the application protocols to look for. Proxyless gRPC offers h2 and cannot be made to offer the name that
// proxies have for it in the mesh, which alone is let through to other networks. Here is no proxy, so h2 counts as that.
func offered(protocols []string) []string {
	if slices.Contains(protocols, "h2") {
		return append(slices.Clone(protocols), "istio-h2")
	}
	return protocols
}

func lower(names []string) []string {
	lowered := make([]string, len(names))
	for i, name := range names {
		lowered[i] = strings.ToLower(name)
	}
	return lowered
}
