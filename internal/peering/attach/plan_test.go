package attach

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

func read[T any](t *testing.T, text string) *T {
	t.Helper()
	into := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatal(err)
	}
	return into
}

func first(t *testing.T) observation {
	return observation{
		id:       "id-1",
		platform: read[smmv1alpha1.ControlPlane](t, `{metadata: {name: smm}, spec: {clusterName: first}}`),
		icp:      read[servicemeshv1alpha1.IstioControlPlane](t, `{metadata: {name: cp-v131x, namespace: istio-system}, spec: {version: 1.31.1, meshID: mesh1}}`),
	}
}

func TestPlan(t *testing.T) {
	third := *read[servicemeshv1alpha1.PeerIstioControlPlane](t, `
metadata: {name: cp-third, annotations: {cluster-registry.k8s.cisco.com/resource-owner-cluster-id: id-3}}
spec: {clusterID: third, networkName: network3}
`)
	active := read[servicemeshv1alpha1.IstioControlPlane](t, `{metadata: {name: cp-v131x, namespace: istio-system}, spec: {mode: ACTIVE}}`)
	for name, test := range map[string]struct {
		change func(*input)
		want   Plan
		err    string
	}{
		"a network of its own": {func(*input) {}, Plan{Cluster: "second-eu", Network: "second-eu", Mode: "PASSIVE", Expansion: true}, ""},
		"the same network":     {func(in *input) { in.options.Network = "network1" }, Plan{Cluster: "second-eu", Network: "network1", Mode: "PASSIVE"}, ""},
		"a third on another": {func(in *input) {
			in.options.Network = "network1"
			in.first.peers = append(in.first.peers, third)
		}, Plan{Cluster: "second-eu", Network: "network1", Mode: "PASSIVE", Expansion: true}, ""},
		"a new istiod": {func(in *input) { in.options.Network, in.options.Active = "network1", true },
			Plan{Cluster: "second-eu", Network: "network1", Mode: "ACTIVE", CommonRoot: true}, ""},
		"an istiod that is there": {func(in *input) { in.options.Network, in.options.Active, in.peer.icp = "network1", true, active },
			Plan{Cluster: "second-eu", Network: "network1", Mode: "ACTIVE"}, ""},
		"no mesh":                    {func(in *input) { in.first.icp = nil }, Plan{}, "smm install"},
		"from a passive one":         {func(in *input) { in.first.icp.Spec.Mode = "PASSIVE" }, Plan{}, "no istiod of its own"},
		"itself":                     {func(in *input) { in.peer.id = "id-1" }, Plan{}, "same cluster"},
		"the first one's name":       {func(in *input) { in.options.Name = "first" }, Plan{}, "--name"},
		"another one's name":         {func(in *input) { in.options.Name, in.first.peers = "third", append(in.first.peers, third) }, Plan{}, "--name"},
		"no name":                    {func(in *input) { in.options.Name = "-" }, Plan{}, "could not attach peer cluster"},
		"attached":                   {func(in *input) { in.peer.id, in.first.peers = "id-3", append(in.first.peers, third) }, Plan{}, "attached already, as third"},
		"an istiod in a passive one": {func(in *input) { in.peer.icp = active }, Plan{}, "--active-istio-control-plane"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input{options: Options{Name: "second_eu"}, first: first(t), peer: observation{id: "id-2"}}
			test.change(&in)
			got, err := plan(in)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("error %v; want %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The attached cluster's ControlPlane says what the plan does, and keeps what it said before.
func TestPeerPlatform(t *testing.T) {
	p := Plan{Cluster: "second", Network: "network2", Mode: servicemeshv1alpha1.ModePassive, Expansion: true}
	fresh, err := peerPlatform(p, first(t), observation{})
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Spec.Role != smmv1alpha1.RolePassive || fresh.Spec.ClusterName != "second" || !*fresh.Spec.ClusterRegistry.Enabled ||
		fresh.Spec.MeshManager.Istio.IstioCRRef.Name != "cp-v131x" {
		t.Errorf("a new one is %+v", fresh.Spec)
	}
	const want = "spec:\n  meshExpansion:\n    enabled: true\n  meshID: mesh1\n  networkName: network2\n  version: 1.31.1\n"
	if diff := cmp.Diff(want, fresh.Spec.MeshManager.Istio.IstioCROverrides); diff != "" {
		t.Errorf("Istio's settings:\n%s", diff)
	}
	again, err := peerPlatform(p, first(t), observation{platform: fresh, icp: &servicemeshv1alpha1.IstioControlPlane{}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh.Spec, again.Spec); diff != "" {
		t.Errorf("attached again, it changes:\n%s", diff)
	}
	kept := read[smmv1alpha1.ControlPlane](t, `
metadata: {name: own}
spec: {nodeExporter: {enabled: true}, meshManager: {istio: {istioCROverrides: "spec: {meshExpansion: {gateway: {runAsRoot: true}}}"}}}
`)
	changed, err := peerPlatform(p, first(t), observation{platform: kept})
	if err != nil {
		t.Fatal(err)
	}
	if changed.Name != "own" || changed.Spec.NodeExporter == nil || !strings.Contains(changed.Spec.MeshManager.Istio.IstioCROverrides, "runAsRoot: true") {
		t.Errorf("what it said is gone: %+v", changed.Spec)
	}
}

// Certificates of a cluster's own authority are trusted by those who know the root.
func TestIntermediate(t *testing.T) {
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"cluster.local"}}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	rootPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	made, err := intermediate(rootPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), "second", now)
	if err != nil {
		t.Fatal(err)
	}
	authority, signer, err := parseAuthority(made[authorityCertificate], made[authorityKey])
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: now, NotAfter: now.Add(time.Minute)}, authority, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(leaf)
	if err != nil {
		t.Fatal(err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(made["root-cert.pem"])
	between.AppendCertsFromPEM(made["cert-chain.pem"])
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
	if authority.NotAfter.After(template.NotAfter) {
		t.Error("the authority is valid longer than its root")
	}
	if _, err := intermediate(rootPEM, []byte("secret"), "second", now); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error for a bad key is %v", err)
	}
}
