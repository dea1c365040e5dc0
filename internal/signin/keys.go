package signin

import (
	"context"
	"crypto/rand"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SecretName is the Secret with the keys that tokens are signed and encrypted with. Who deletes it signs everybody out.
const SecretName = "smm-authentication"

const (
	signingKey    = "signing-key"
	encryptionKey = "encryption-key"
	// keyBytes is the length of both keys: that of a SHA-256 (RFC 2104, section 3) and of AES-256.
	keyBytes = 32
)

// Keys are what tokens are signed and encrypted with.
type Keys struct {
	Signing    []byte
	Encryption []byte
}

// KeyStore keeps the keys in a Secret.
type KeyStore struct {
	// Reader is asked for each token; a cache that watches the one Secret is meant.
	Reader client.Reader
	Client client.Client
	// Namespace is where the Secret is.
	Namespace string
}

// SecretSelector selects the one Secret for a watch.
func SecretSelector() fields.Selector {
	return fields.OneTermEqualSelector("metadata.name", SecretName)
}

// Keys returns the keys; it makes them when there are none.
func (s *KeyStore) Keys(ctx context.Context) (Keys, error) {
	found, err := s.read(ctx, s.Reader)
	if !apierrors.IsNotFound(err) {
		return found, err
	}
	made := NewKeys()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: SecretName},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{signingKey: made.Signing, encryptionKey: made.Encryption},
	}
	err = s.Client.Create(ctx, secret)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return Keys{}, fmt.Errorf("make the keys for sign-in: %w", err)
	}
	return s.read(ctx, s.Client) // another instance may have made them
}

// NewKeys returns keys that are kept nowhere.
func NewKeys() Keys {
	return Keys{Signing: randomBytes(keyBytes), Encryption: randomBytes(keyBytes)}
}

// Keys returns the keys themselves: they are a source of keys that never change.
func (k Keys) Keys(context.Context) (Keys, error) { return k, nil }

func (s *KeyStore) read(ctx context.Context, reader client.Reader) (Keys, error) {
	var secret corev1.Secret
	if err := reader.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: SecretName}, &secret); err != nil {
		return Keys{}, fmt.Errorf("read the keys for sign-in: %w", err)
	}
	keys := Keys{Signing: secret.Data[signingKey], Encryption: secret.Data[encryptionKey]}
	if len(keys.Signing) < keyBytes || len(keys.Encryption) != keyBytes {
		return Keys{}, fmt.Errorf("the Secret %s/%s holds no usable keys: delete it, and new ones are made", s.Namespace, SecretName)
	}
	return keys, nil
}

func randomBytes(count int) []byte {
	bytes := make([]byte, count)
	_, _ = rand.Read(bytes) // documented never to fail
	return bytes
}
