package mesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/credentials/tls/certprovider"
	"google.golang.org/grpc/credentials/tls/certprovider/pemfile"
)

const (
	// refreshInterval is how often the certificate files are read again: Istio renews them long before they expire.
	refreshInterval = time.Minute

	// certificateTimeout is how long to wait for the files at the start.
	certificateTimeout = 30 * time.Second
)

// TLS makes mutual-TLS connections with the workload's own mesh certificate, for protocols that gRPC's xDS
// credentials do not cover. It is the demo's own doing: Istio's policies do not reach these connections.
type TLS struct {
	provider certprovider.Provider
	self     Identity
}

// NewTLS reads the certificate files, waiting for them if Istio's agent has not written them yet.
// Close must be called when it is no longer needed.
func NewTLS(ctx context.Context, files CertificateFiles) (*TLS, error) {
	provider, err := pemfile.NewProvider(pemfile.Options{
		CertFile:        files.Certificate,
		KeyFile:         files.Key,
		RootFile:        files.Roots,
		RefreshDuration: refreshInterval,
	})
	if err != nil {
		return nil, fmt.Errorf("mesh certificate: %w", err)
	}
	t := &TLS{provider: provider}
	ctx, cancel := context.WithTimeout(ctx, certificateTimeout)
	defer cancel()
	if t.self, err = t.readSelf(ctx); err != nil {
		provider.Close()
		return nil, fmt.Errorf("mesh certificate %s: %w", files.Certificate, err)
	}
	return t, nil
}

func (t *TLS) readSelf(ctx context.Context) (Identity, error) {
	material, err := t.provider.KeyMaterial(ctx)
	if err != nil {
		return Identity{}, err
	}
	if len(material.Certs) == 0 || len(material.Certs[0].Certificate) == 0 {
		return Identity{}, errors.New("no certificate in the file")
	}
	leaf, err := x509.ParseCertificate(material.Certs[0].Certificate[0])
	if err != nil {
		return Identity{}, err
	}
	id, ok := identityOf(leaf)
	if !ok {
		return Identity{}, errors.New("it holds no SPIFFE identity")
	}
	return id, nil
}

// Close stops watching the files.
func (t *TLS) Close() { t.provider.Close() }

// Self is the identity that the workload's own certificate proves.
func (t *TLS) Self() Identity { return t.self }

// Server returns the configuration for one incoming connection.
func (t *TLS) Server(ctx context.Context) (*tls.Config, error) {
	return t.config(ctx, x509.ExtKeyUsageClientAuth, "")
}

// Client returns the configuration for one connection to a service of the given namespace.
func (t *TLS) Client(ctx context.Context, namespace string) (*tls.Config, error) {
	return t.config(ctx, x509.ExtKeyUsageServerAuth, namespace)
}

func (t *TLS) config(ctx context.Context, usage x509.ExtKeyUsage, namespace string) (*tls.Config, error) {
	material, err := t.provider.KeyMaterial(ctx)
	if err != nil {
		return nil, fmt.Errorf("mesh certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: material.Certs,
		ClientAuth:   tls.RequireAnyClientCert,
		// Certificates of a mesh name a workload, not a host: the chain and the identity are checked below instead.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return t.verify(state, material.Roots, usage, namespace)
		},
	}, nil
}

// verify accepts certificates that the mesh issued to a workload of the own trust domain, in the given namespace
// if one is given.
func (t *TLS) verify(state tls.ConnectionState, roots *x509.CertPool, usage x509.ExtKeyUsage, namespace string) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the peer has no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}}
	if _, err := state.PeerCertificates[0].Verify(options); err != nil {
		return err
	}
	id, ok := identityOf(state.PeerCertificates[0])
	if !ok || id.TrustDomain != t.self.TrustDomain || (namespace != "" && id.Namespace != namespace) {
		return fmt.Errorf("the peer is %s, which is not the wanted one", id)
	}
	return nil
}

// PeerOfTLS reads the peer of a connection that was made with a configuration of TLS.
func PeerOfTLS(state tls.ConnectionState) Peer {
	if len(state.PeerCertificates) == 0 {
		return Peer{}
	}
	if id, ok := identityOf(state.PeerCertificates[0]); ok {
		return Peer{Principal: id.String()}
	}
	return Peer{}
}
