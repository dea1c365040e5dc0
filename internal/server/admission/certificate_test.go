package admission

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"
)

func made(t *testing.T, at time.Time) *x509.Certificate {
	t.Helper()
	certificate, err := newCertificate("smm.example.svc", at)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Leaf
}

func bundleOf(certificates ...*x509.Certificate) []byte {
	var text []byte
	for _, c := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// A certificate is good for its name alone, by itself, and for a server only.
func TestCertificateIsTrustedByItself(t *testing.T) {
	now := time.Now()
	c := made(t, now)
	roots := x509.NewCertPool()
	roots.AddCert(c)
	for name, want := range map[string]bool{"smm.example.svc": true, "other.example.svc": false} {
		_, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		if (err == nil) != want {
			t.Errorf("for %s: %v", name, err)
		}
	}
	if c.IsCA || c.CheckSignatureFrom(made(t, now)) == nil {
		t.Error("it can sign others")
	}
}

// A certificate is replaced long before it ends, and not before it has to be.
func TestDue(t *testing.T) {
	now := time.Now()
	certificate, err := newCertificate("smm", now)
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{0: false, 19 * 24 * time.Hour: false, 21 * 24 * time.Hour: true} {
		if got := due(certificate, now.Add(after)); got != want {
			t.Errorf("after %v: %t", after, got)
		}
	}
	if !due(nil, now) {
		t.Error("without a certificate one is due")
	}
}

// The bundle keeps what other pods serve, drops what has ended, is bounded, and always has our own.
func TestTrusted(t *testing.T) {
	now := time.Now()
	own, other, ended := made(t, now.Add(-time.Hour)), made(t, now), made(t, now.Add(-life-2*clockSkew))
	for _, test := range []struct {
		name   string
		bundle []byte
		want   []*x509.Certificate
	}{
		{"nothing yet", nil, []*x509.Certificate{own}},
		{"another pod's", bundleOf(other), []*x509.Certificate{own, other}},
		{"one that has ended", bundleOf(ended, other), []*x509.Certificate{own, other}},
		{"no certificate", []byte("nonsense"), []*x509.Certificate{own}},
	} {
		got := trusted(test.bundle, own, now)
		found := parse(got)
		for _, c := range test.want {
			if !slices.ContainsFunc(found, c.Equal) {
				t.Errorf("%s: one is missing", test.name)
			}
		}
		if len(found) != len(test.want) {
			t.Errorf("%s: %d certificates, want %d", test.name, len(found), len(test.want))
		}
		if again := trusted(got, own, now); !bytes.Equal(got, again) {
			t.Errorf("%s: it is written again and again", test.name)
		}
		if len(test.want) == 2 && !bytes.Equal(trusted(got, other, now), got) {
			t.Errorf("%s: two pods write over each other", test.name)
		}
	}
	var many []*x509.Certificate
	for i := range 3 * maxTrusted {
		many = append(many, made(t, now.Add(time.Duration(i)*time.Second)))
	}
	found := parse(trusted(bundleOf(many...), own, now))
	if len(found) != maxTrusted || !slices.ContainsFunc(found, own.Equal) || !slices.ContainsFunc(found, many[len(many)-1].Equal) {
		t.Errorf("of many, %d are left, own among them: %t", len(found), slices.ContainsFunc(found, own.Equal))
	}
}
