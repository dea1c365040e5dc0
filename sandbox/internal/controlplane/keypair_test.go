package controlplane

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSatisfies(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	have := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver", Organization: []string{"a"}},
		DNSNames:    []string{"localhost", "kubernetes"},
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1").To4(), net.ParseIP("10.96.0.1").To4()},
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.Add(leafLifetime),
	}
	want := func(change func(*x509.Certificate)) *x509.Certificate {
		w := &x509.Certificate{
			Subject:     pkix.Name{CommonName: "kube-apiserver", Organization: []string{"a"}},
			DNSNames:    []string{"localhost"},
			IPAddresses: []net.IP{net.ParseIP("10.96.0.1")},
		}
		change(w)
		return w
	}
	for name, test := range map[string]struct {
		want *x509.Certificate
		now  time.Time
		ok   bool
	}{
		"a subset of names": {want(func(*x509.Certificate) {}), now, true},
		"another user":      {want(func(c *x509.Certificate) { c.Subject.CommonName = "b" }), now, false},
		"another group":     {want(func(c *x509.Certificate) { c.Subject.Organization = []string{"b"} }), now, false},
		"a new name":        {want(func(c *x509.Certificate) { c.DNSNames = []string{"new"} }), now, false},
		"a new address":     {want(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP("172.30.1.1")} }), now, false},
		"nearly expired":    {want(func(*x509.Certificate) {}), have.NotAfter.Add(-renewBefore / 2), false},
		"not yet valid":     {want(func(*x509.Certificate) {}), have.NotBefore.Add(-time.Minute), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := satisfies(have, test.want, test.now); got != test.ok {
				t.Errorf("satisfies = %v, want %v", got, test.ok)
			}
		})
	}
}

// A resumed control plane must keep certificates that clients hold and trust,
// and renew those that a change or the time has made useless.
func TestEnsureCertificates(t *testing.T) {
	now := time.Now()
	files := Layout{Dir: t.TempDir()}
	config, err := Config{Dir: files.Dir}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	ensure := func(now time.Time) (authority, admin, serving string) {
		t.Helper()
		if err := ensureCertificates(config, files, now); err != nil {
			t.Fatal(err)
		}
		return read(t, files.CA().Cert), read(t, files.Admin().Cert), read(t, files.pair("apiserver").Cert)
	}
	authority, admin, serving := ensure(now)

	authority2, admin2, serving2 := ensure(now.Add(24 * time.Hour))
	if authority != authority2 || admin != admin2 || serving != serving2 {
		t.Error("the second run a day later replaced certificates")
	}

	config.Advertise = netipAddr(t, "172.30.1.1")
	authority2, admin2, serving2 = ensure(now)
	if authority != authority2 || admin != admin2 {
		t.Error("a new address replaced certificates that do not name it")
	}
	if serving == serving2 {
		t.Error("a new address did not get into the serving certificate")
	}

	authority2, admin2, _ = ensure(now.Add(leafLifetime))
	if authority != authority2 {
		t.Error("the authority was replaced although it lives for years")
	}
	if admin == admin2 {
		t.Error("an expired certificate was not renewed")
	}
}

func TestKeysArePrivate(t *testing.T) {
	files := Layout{Dir: t.TempDir()}
	config, err := Config{Dir: files.Dir}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if err := ensureCertificates(config, files, time.Now()); err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Glob(filepath.Join(files.Dir, "pki", "*.key"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("no keys: %v", err)
	}
	for _, key := range keys {
		info, err := os.Stat(key)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", key, info.Mode())
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
