package mesh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseIdentityTakesIstiosFormOnly(t *testing.T) {
	want := Identity{TrustDomain: "cluster.local", Namespace: "smm-demo", ServiceAccount: "catalog"}
	got, ok := ParseIdentity("spiffe://cluster.local/ns/smm-demo/sa/catalog")
	if !ok || got != want {
		t.Errorf("got %v, %v; want %v", got, ok, want)
	}
	if got.String() != "spiffe://cluster.local/ns/smm-demo/sa/catalog" {
		t.Errorf("String() = %s", got)
	}
	for _, uri := range []string{
		"", "spiffe://cluster.local", "https://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/a/sa/b/c",
		"spiffe://cluster.local/ns//sa/b", "spiffe:///ns/a/sa/b", "spiffe://cluster.local/sa/a/ns/b",
	} {
		if got, ok := ParseIdentity(uri); ok {
			t.Errorf("ParseIdentity(%q) = %v, want a refusal", uri, got)
		}
	}
}

// A label is only as good as its proof: a claim needs a proven identity that fits it.
func TestPeerIsBelievedOnlyAsFarAsItsIdentityGoes(t *testing.T) {
	claim := Workload{Name: "catalog-v1", Namespace: "smm-demo", ServiceAccount: "catalog", App: "catalog", Version: "v1"}
	tests := map[string]struct {
		principal string
		want      Workload
	}{
		"proven":                   {"spiffe://cluster.local/ns/smm-demo/sa/catalog", claim},
		"plaintext":                {"", Workload{}},
		"other namespace":          {"spiffe://cluster.local/ns/other/sa/catalog", Workload{}},
		"other service account":    {"spiffe://cluster.local/ns/smm-demo/sa/bookings", Workload{}},
		"identity of another form": {"spiffe://cluster.local/catalog", Workload{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Peer{Principal: test.principal}.Believe(claim.Header())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseHeaderRefusesRubbish(t *testing.T) {
	for _, value := range []string{"%", "bm8", strings.Repeat("a", maxHeader+1)} {
		if got, err := ParseHeader(value); err == nil {
			t.Errorf("ParseHeader(%.20q) = %v, want an error", value, got)
		}
	}
}

func TestPeerOfSidecarReadsTheLastHopOnly(t *testing.T) {
	header := `By=spiffe://cluster.local/ns/a/sa/b;URI=spiffe://cluster.local/ns/forged/sa/root,` +
		`By=spiffe://cluster.local/ns/smm-demo/sa/catalog;Hash=1f;Subject="";URI=spiffe://cluster.local/ns/smm-demo/sa/frontpage`
	if got := PeerOfSidecar(header).Principal; got != "spiffe://cluster.local/ns/smm-demo/sa/frontpage" {
		t.Errorf("got %q", got)
	}
	for _, header := range []string{"", "URI=", "By=spiffe://cluster.local/ns/a/sa/b"} {
		if got := PeerOfSidecar(header); got.MutualTLS() {
			t.Errorf("PeerOfSidecar(%q) = %v", header, got)
		}
	}
}

func TestBootstrapTellsWhoTheWorkloadIs(t *testing.T) {
	text := `{"xds_servers":[{"server_uri":"unix:///etc/istio/proxy/XDS"}],
	 "node":{"id":"sidecar~10.201.0.7~movies-v2-1.smm-demo~smm-demo.svc.cluster.local","metadata":{
	  "WORKLOAD_NAME":"movies-v2","NAMESPACE":"smm-demo","SERVICE_ACCOUNT":"movies","CLUSTER_ID":"c1",
	  "LABELS":{"app":"movies","version":"v2","service.istio.io/canonical-name":"movies","service.istio.io/canonical-revision":"v2"}}},
	 "certificate_providers":{"default":{"plugin_name":"file_watcher","config":{"certificate_file":"/c/cert-chain.pem",
	  "private_key_file":"/c/key.pem","ca_certificate_file":"/c/root-cert.pem","refresh_interval":"900s"}}}}`
	got, err := parseBootstrap([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Bootstrap{
		Workload: Workload{Name: "movies-v2", Namespace: "smm-demo", ServiceAccount: "movies", App: "movies", Version: "v2",
			Canonical: "movies", Revision: "v2", Cluster: "c1"},
		Certificates: CertificateFiles{Certificate: "/c/cert-chain.pem", Key: "/c/key.pem", Roots: "/c/root-cert.pem"},
		Server:       "unix:///etc/istio/proxy/XDS",
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Bootstrap{})); diff != "" {
		t.Error(diff)
	}
	changed, err := got.Through("passthrough:///127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseBootstrap(changed)
	if err != nil {
		t.Fatal(err)
	}
	want.Server = "passthrough:///127.0.0.1:1"
	if diff := cmp.Diff(want, again, cmpopts.IgnoreUnexported(Bootstrap{})); diff != "" {
		t.Errorf("through another server: %s", diff)
	}
}

func TestResolveHost(t *testing.T) {
	movies := Host{FQDN: "movies.smm-demo.svc.cluster.local", Name: "movies", Namespace: "smm-demo"}
	for host, want := range map[string]Host{
		"movies":                            movies,
		"movies.smm-demo.svc":               movies,
		"movies.smm-demo.svc.cluster.local": movies,
		"httpbin.org":                       {FQDN: "httpbin.org", Name: "httpbin.org"},
		"localhost":                         {FQDN: "localhost", Name: "localhost"},
		"10.201.0.7":                        {FQDN: "10.201.0.7", Name: "10.201.0.7"},
	} {
		if diff := cmp.Diff(want, ResolveHost(host, "smm-demo", DefaultDomain)); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}
