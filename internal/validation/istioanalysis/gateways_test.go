package istioanalysis

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio.io/istio/pkg/config/resource"

	networking "istio.io/api/networking/v1alpha3"
)

func gatewayNamed(name string, servers ...*networking.Server) *resource.Instance {
	return &resource.Instance{
		Metadata: resource.Metadata{FullName: resource.NewFullName("shop", resource.LocalName(name))},
		Message:  &networking.Gateway{Servers: servers},
	}
}

func served(port uint32, host, certificate string) *networking.Server {
	return &networking.Server{
		Port: &networking.Port{Number: port}, Hosts: []string{host}, Tls: &networking.ServerTLSSettings{CredentialName: certificate},
	}
}

func of(gateways []*resource.Instance) func() []*resource.Instance {
	return func() []*resource.Instance { return gateways }
}

// Gateways are compared with those that they have something in common with, also through others, and with no others.
func TestCompared(t *testing.T) {
	gateways := []*resource.Instance{
		gatewayNamed("a", served(443, "a.example.com", "one")),
		gatewayNamed("b", served(443, "b.example.com", "two"), served(80, "x.example.com", "one")),
		gatewayNamed("c", served(443, "a.example.com", "two")),
		gatewayNamed("d", served(8443, "a.example.com", "three")),
		gatewayNamed("e", served(443, "e.example.com", "four"), served(8443, "e.example.com", "four")),
	}
	for analyzer, want := range map[string][][]string{
		"gateway.CertificateAnalyzer":        {{"a", "b", "c"}},
		"gateway.ConflictingGatewayAnalyzer": {{"a", "c"}},
	} {
		groups, ok := compared(analyzer, of(gateways))
		var got [][]string
		for _, group := range groups {
			var names []string
			for _, gateway := range group {
				names = append(names, gateway.Metadata.FullName.Name.String())
			}
			got = append(got, names)
		}
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %t %s", analyzer, ok, diff)
		}
	}
	if _, ok := compared("gateway.SecretAnalyzer", of(gateways)); ok {
		t.Error("an analyzer that looks at each gateway does not see all")
	}
	if _, ok := compared("gateway.ConflictingGatewayAnalyzer", of(append(gateways, gatewayNamed("empty")))); ok {
		t.Error("a gateway without servers is not looked at")
	}
}
