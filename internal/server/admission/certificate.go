package admission

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

const (
	// life is how long a certificate is valid, renewal when it is replaced.
	life    = 30 * 24 * time.Hour
	renewal = 20 * 24 * time.Hour
	// clockSkew is how far the API server's clock may be behind.
	clockSkew = 5 * time.Minute
	// maxTrusted bounds the certificates that are trusted at a time: one for each of the server's pods, and those of pods
	// that have gone.
	maxTrusted = 8
)

// newCertificate makes a key that never leaves the process, with a certificate for the name that signs itself.
func newCertificate(name string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("generate a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "smm admission warnings"},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(name); address != nil {
		template.IPAddresses = []net.IP{address}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the made certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// due tells whether a certificate is to be replaced.
func due(certificate *tls.Certificate, now time.Time) bool {
	return certificate == nil || now.After(certificate.Leaf.NotBefore.Add(renewal))
}

// trusted is the bundle that an API server should trust: what it trusts already and is still valid, the newest only, and
// our own certificate. Other pods of the server have theirs in it too.
func trusted(bundle []byte, own *x509.Certificate, now time.Time) []byte {
	others := slices.DeleteFunc(parse(bundle), func(c *x509.Certificate) bool { return c.Equal(own) || now.After(c.NotAfter) })
	slices.SortFunc(others, func(a, b *x509.Certificate) int {
		return cmp.Or(b.NotBefore.Compare(a.NotBefore), bytes.Compare(a.Raw, b.Raw))
	})
	all := slices.Concat(others[:min(len(others), maxTrusted-1)], []*x509.Certificate{own})
	slices.SortFunc(all, func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) }) // the same for all pods
	var text []byte
	for _, c := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// parse returns the certificates of a bundle; what is none is left out.
func parse(bundle []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}
