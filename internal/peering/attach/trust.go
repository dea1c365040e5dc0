package attach

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Where istiod keeps the authority that it makes itself, and where it looks for one that it is given.
const (
	selfSignedSecret = "istio-ca-secret"
	givenSecret      = "cacerts"

	authorityCertificate = "ca-cert.pem"
	authorityKey         = "ca-key.pem"
)

// intermediateLife is how long a cluster's authority is valid, if its root is that long.
const intermediateLife = 5 * 365 * 24 * time.Hour

// clockSkew is how much the clock of another cluster may be behind.
const clockSkew = 5 * time.Minute

// shareRoot gives a cluster, before its istiod starts for the first time, an authority of its own whose certificate the
// root of the first cluster signs. shared is false where there is no such root: one that users brought has no key here,
// and the clusters then trust each other's roots.
func shareRoot(ctx context.Context, first, peer client.Client, namespace, cluster string) (shared bool, err error) {
	given := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: givenSecret}}
	err = peer.Get(ctx, client.ObjectKeyFromObject(given), given)
	if !apierrors.IsNotFound(err) {
		return false, err
	}
	if err := first.Get(ctx, client.ObjectKeyFromObject(given), given); !apierrors.IsNotFound(err) {
		return false, err
	}
	root := &corev1.Secret{}
	err = first.Get(ctx, client.ObjectKey{Namespace: namespace, Name: selfSignedSecret}, root)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read Secret %s/%s: %w", namespace, selfSignedSecret, err)
	}
	data, err := intermediate(root.Data[authorityCertificate], root.Data[authorityKey], cluster, time.Now())
	if err != nil {
		return false, fmt.Errorf("make an authority for cluster %s: %w", cluster, err)
	}
	made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: givenSecret}, Data: data}
	if err := peer.Create(ctx, made); err != nil && !apierrors.IsAlreadyExists(err) {
		return false, fmt.Errorf("write Secret %s/%s: %w", namespace, givenSecret, err)
	}
	return true, nil
}

// intermediate makes the authority of a cluster, in the form that istiod reads.
func intermediate(rootPEM, keyPEM []byte, cluster string, now time.Time) (map[string][]byte, error) {
	root, key, err := parseAuthority(rootPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("generate a serial number: %w", err)
	}
	until := now.Add(intermediateLife)
	if until.After(root.NotAfter) {
		until = root.NotAfter
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: root.Subject.Organization, CommonName: "Intermediate CA of " + cluster},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:         true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}, root, own.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	encodedKey, err := x509.MarshalECPrivateKey(own)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	ownPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	return map[string][]byte{
		authorityCertificate: ownPEM,
		authorityKey:         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encodedKey}),
		"cert-chain.pem":     append(append([]byte{}, ownPEM...), rootPEM...),
		"root-cert.pem":      rootPEM,
	}, nil
}

// parseAuthority reads a root and its key. The errors quote neither.
func parseAuthority(rootPEM, keyPEM []byte) (*x509.Certificate, crypto.Signer, error) {
	block, _ := pem.Decode(rootPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if block == nil || keyBlock == nil {
		return nil, nil, errors.New("the root certificate or its key is not PEM encoded")
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, errors.New("the root certificate cannot be read")
	}
	if key, err := x509.ParsePKCS1PrivateKey(keyBlock.Bytes); err == nil {
		return root, key, nil
	}
	if key, err := x509.ParseECPrivateKey(keyBlock.Bytes); err == nil {
		return root, key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, nil, errors.New("the key of the root certificate cannot be read")
	}
	return root, signer, nil
}
