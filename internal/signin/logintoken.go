package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// LoginTokenLifetime is the documented time for which a login token is valid.
const LoginTokenLifetime = 10 * time.Second

// login is what a login token holds.
type login struct {
	User    User      `json:"user"`
	Mesh    string    `json:"mesh"`
	Expires time.Time `json:"expires"`
}

// IssueLogin returns a short-lived, encrypted token with which the user can sign in once somewhere else, such as in a
// browser.
func (t *Tokens) IssueLogin(ctx context.Context, user User) (string, error) {
	seal, err := t.sealer(ctx)
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(login{User: user, Mesh: t.mesh, Expires: t.now().Add(LoginTokenLifetime)})
	if err != nil {
		return "", fmt.Errorf("encode the login token: %w", err)
	}
	nonce := randomBytes(seal.NonceSize())
	return base64.RawURLEncoding.EncodeToString(seal.Seal(nonce, nonce, content, nil)), nil
}

// RedeemLogin returns the user of a login token, once. The error is ErrToken when it is not valid or was used before.
func (t *Tokens) RedeemLogin(ctx context.Context, token string) (User, error) {
	seal, err := t.sealer(ctx)
	if err != nil {
		return User{}, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(sealed) < seal.NonceSize() {
		return User{}, ErrToken
	}
	nonce, content := sealed[:seal.NonceSize()], sealed[seal.NonceSize():]
	opened, err := seal.Open(nil, nonce, content, nil)
	if err != nil {
		return User{}, ErrToken
	}
	var found login
	if err := json.Unmarshal(opened, &found); err != nil || found.Mesh != t.mesh || !t.now().Before(found.Expires) {
		return User{}, ErrToken
	}
	if !t.used.first(string(nonce), found.Expires, t.now()) {
		return User{}, ErrToken
	}
	return found.User, nil
}

func (t *Tokens) sealer(ctx context.Context) (cipher.AEAD, error) {
	keys, err := t.keys.Keys(ctx)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(keys.Encryption)
	if err != nil {
		return nil, fmt.Errorf("use the encryption key: %w", err)
	}
	return cipher.NewGCM(block)
}

// used remembers which login tokens were used, until they expire anyway.
type used struct {
	mu      sync.Mutex
	expires map[string]time.Time
}

func newUsed() *used { return &used{expires: map[string]time.Time{}} }

// first tells whether a token is used for the first time.
func (u *used) first(nonce string, expires, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for known, expired := range u.expires {
		if !now.Before(expired) {
			delete(u.expires, known)
		}
	}
	if _, again := u.expires[nonce]; again {
		return false
	}
	u.expires[nonce] = expires
	return true
}
