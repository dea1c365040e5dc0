package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// KeyPair is a certificate and its private key as PEM files.
type KeyPair struct{ Cert, Key string }

const (
	authorityLifetime = 10 * 365 * 24 * time.Hour
	leafLifetime      = 365 * 24 * time.Hour
	// renewBefore leaves a resumed sandbox long enough a life before the next resume.
	renewBefore = 60 * 24 * time.Hour
	// clockSkew lets clients with a slow clock accept a fresh certificate.
	clockSkew = time.Hour
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// ensureAuthority loads the authority from its files or, where there are none, makes it.
func ensureAuthority(files KeyPair, commonName string, now time.Time) (*authority, error) {
	a, err := loadAuthority(files)
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	template := &x509.Certificate{
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	template.Subject.CommonName = commonName
	cert, key, err := issue(files, template, nil)
	if err != nil {
		return nil, fmt.Errorf("making certificate authority %s: %w", files.Cert, err)
	}
	return &authority{cert: cert, key: key}, nil
}

func loadAuthority(files KeyPair) (*authority, error) {
	cert, key, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("loading certificate authority %s: %w", files.Cert, err)
	}
	return &authority{cert: cert, key: key}, nil
}

// ensure keeps the certificate in files when it still says what template wants, and issues it anew otherwise.
func (a *authority) ensure(files KeyPair, template *x509.Certificate, now time.Time) error {
	cert, _, err := load(files)
	if err == nil && a.issued(cert) && satisfies(cert, template, now) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("loading certificate %s: %w", files.Cert, err)
	}
	template.NotBefore = now.Add(-clockSkew)
	template.NotAfter = now.Add(leafLifetime)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if _, _, err := issue(files, template, a); err != nil {
		return fmt.Errorf("issuing certificate %s: %w", files.Cert, err)
	}
	return nil
}

func (a *authority) issued(cert *x509.Certificate) bool {
	return cert.CheckSignatureFrom(a.cert) == nil
}

// satisfies tells whether cert names all that want names and stays valid for a good while.
func satisfies(cert, want *x509.Certificate, now time.Time) bool {
	if now.Add(renewBefore).After(cert.NotAfter) || now.Before(cert.NotBefore) {
		return false
	}
	if cert.Subject.CommonName != want.Subject.CommonName || !slices.Equal(cert.Subject.Organization, want.Subject.Organization) {
		return false
	}
	for _, name := range want.DNSNames {
		if !slices.Contains(cert.DNSNames, name) {
			return false
		}
	}
	for _, ip := range want.IPAddresses {
		if !slices.ContainsFunc(cert.IPAddresses, ip.Equal) {
			return false
		}
	}
	return true
}

// issue makes a key and a certificate signed by the authority, or by itself when that is nil.
func issue(files KeyPair, template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	// The key goes first: a certificate on disk always has its key.
	if err := writeKey(files.Key, key); err != nil {
		return nil, nil, err
	}
	return cert, key, writePEM(files.Cert, "CERTIFICATE", der)
}

func load(files KeyPair) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s holds no elliptic-curve key", files.Key)
	}
	return pair.Leaf, key, nil
}

// ensureSigningKey makes the key of service-account tokens unless it is there.
func ensureSigningKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key of service accounts: %w", err)
	}
	return writeKey(path, key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der)
}

// writePEM replaces the file in one step, so that a crash leaves the old or the new one, never half.
func writePEM(path, kind string, der []byte) error {
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next := path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
