package route

import (
	"net"
	"net/http"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Find returns the route for a request; nil if none is for it.
func Find(config *routev3.RouteConfiguration, request *http.Request) *routev3.Route {
	host := virtualHost(config, request.Host)
	for _, candidate := range host.GetRoutes() {
		if matches(candidate.GetMatch(), request) {
			return candidate
		}
	}
	return nil
}

// virtualHost is that with the most specific domain: the exact one, then the longest *.suffix, then the longest
// prefix.*, then *.
func virtualHost(config *routev3.RouteConfiguration, host string) *routev3.VirtualHost {
	host = strings.ToLower(host)
	if config.GetIgnorePortInHostMatching() {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	var best *routev3.VirtualHost
	rank := 0
	for _, candidate := range config.GetVirtualHosts() {
		for _, domain := range candidate.GetDomains() {
			if r := rankOf(strings.ToLower(domain), host); r > rank {
				best, rank = candidate, r
			}
		}
	}
	return best
}

// The kinds of domains, each better than the one before, with room for their lengths.
const (
	anyDomain    = 1
	prefixDomain = 1 << 10
	suffixDomain = 1 << 11
	exactDomain  = 1 << 12
)

// rankOf is how specific a domain matches a host, 0 if it does not.
func rankOf(domain, host string) int {
	switch {
	case domain == host:
		return exactDomain
	case domain == "*":
		return anyDomain
	case strings.HasPrefix(domain, "*") && strings.HasSuffix(host, domain[1:]) && len(host) >= len(domain):
		return suffixDomain + len(domain)
	case strings.HasSuffix(domain, "*") && strings.HasPrefix(host, domain[:len(domain)-1]) && len(host) >= len(domain):
		return prefixDomain + len(domain)
	}
	return 0
}
