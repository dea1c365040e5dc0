package listener

import (
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

func chain(name string, match *listenerv3.FilterChainMatch) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: name, FilterChainMatch: match}
}

func TestChoose(t *testing.T) {
	mesh := []string{"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"}
	const movies = "outbound_.8082_._.movies.smm-demo.svc.cluster.local"
	crossNetwork := &listenerv3.Listener{FilterChains: []*listenerv3.FilterChain{
		chain("movies", &listenerv3.FilterChainMatch{ServerNames: []string{movies}, ApplicationProtocols: mesh}),
		chain("v1", &listenerv3.FilterChainMatch{ServerNames: []string{"outbound_.8082_.v1_.movies.smm-demo.svc.cluster.local"}, ApplicationProtocols: mesh}),
	}}
	names := &listenerv3.Listener{
		FilterChains: []*listenerv3.FilterChain{
			chain("any TLS", &listenerv3.FilterChainMatch{TransportProtocol: "tls"}),
			chain("example", &listenerv3.FilterChainMatch{ServerNames: []string{"*.example.org"}}),
			chain("deep", &listenerv3.FilterChainMatch{ServerNames: []string{"*.a.example.org"}}),
			chain("exact", &listenerv3.FilterChainMatch{ServerNames: []string{"b.a.example.org", "c.A.example.org"}}),
			chain("exact h2", &listenerv3.FilterChainMatch{ServerNames: []string{"b.a.example.org"}, ApplicationProtocols: []string{"h2"}}),
			chain("plain", &listenerv3.FilterChainMatch{TransportProtocol: "raw_buffer"}),
		},
	}
	withDefault := &listenerv3.Listener{
		FilterChains:       []*listenerv3.FilterChain{chain("one", &listenerv3.FilterChainMatch{ServerNames: []string{"one"}})},
		DefaultFilterChain: chain("default", nil),
	}
	for name, test := range map[string]struct {
		listener *listenerv3.Listener
		hello    Hello
		want     string
	}{
		"the service that is named":           {crossNetwork, Hello{true, movies, []string{"istio-peer-exchange", "istio"}}, "movies"},
		"proxyless gRPC":                      {crossNetwork, Hello{true, movies, []string{"h2"}}, "movies"},
		"a subset":                            {crossNetwork, Hello{true, "outbound_.8082_.v1_.movies.smm-demo.svc.cluster.local", []string{"istio-h2"}}, "v1"},
		"TLS from outside of the mesh":        {crossNetwork, Hello{true, movies, []string{"http/1.1"}}, ""},
		"a service that is not there":         {crossNetwork, Hello{true, "outbound_.80_._.other.default.svc.cluster.local", []string{"istio"}}, ""},
		"no server name":                      {crossNetwork, Hello{true, "", []string{"istio"}}, ""},
		"no TLS":                              {crossNetwork, Hello{}, ""},
		"an exact name":                       {names, Hello{true, "b.a.example.org", nil}, "exact"},
		"names have no case":                  {names, Hello{true, "C.a.Example.org", nil}, "exact"},
		"an exact name and protocol":          {names, Hello{true, "b.a.example.org", []string{"http/1.1", "h2"}}, "exact h2"},
		"the longest suffix":                  {names, Hello{true, "x.y.a.example.org", nil}, "deep"},
		"a suffix":                            {names, Hello{true, "x.example.org", nil}, "example"},
		"a suffix does not match itself":      {names, Hello{true, "example.org", nil}, "any TLS"},
		"any name":                            {names, Hello{true, "x.org", nil}, "any TLS"},
		"plain text":                          {names, Hello{}, "plain"},
		"the default, when nothing else fits": {withDefault, Hello{true, "two", nil}, "default"},
	} {
		if got := Choose(test.listener, test.hello).GetName(); got != test.want {
			t.Errorf("%s: chose chain %q, want %q", name, got, test.want)
		}
	}
}
