package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// IDTokenLifetime is the documented time for which an ID token is valid.
const IDTokenLifetime = 10 * time.Hour

const issuer = "smm"

// ErrToken tells that a token proves nothing: it is expired, altered, used, or not from here.
var ErrToken = errors.New("the token is not valid (any more): sign in again")

// KeySource gives the keys of the moment.
type KeySource interface {
	Keys(ctx context.Context) (Keys, error)
}

// Tokens issues and checks the product's own tokens.
type Tokens struct {
	keys KeySource
	mesh string
	now  func() time.Time
	used *used
}

// NewTokens returns Tokens that hold for one mesh only. now tells the time.
func NewTokens(keys KeySource, mesh string, now func() time.Time) *Tokens {
	return &Tokens{keys: keys, mesh: mesh, now: now, used: newUsed()}
}

// IDToken stands for a user until it expires.
type IDToken struct {
	Token   string    `json:"idToken"`
	Expires time.Time `json:"expires"`
}

type claims struct {
	jwt.RegisteredClaims
	Groups []string            `json:"groups,omitempty"`
	UID    string              `json:"uid,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
}

// IssueID returns an ID token for a user whose identity was verified.
func (t *Tokens) IssueID(ctx context.Context, user User) (IDToken, error) {
	keys, err := t.keys.Keys(ctx)
	if err != nil {
		return IDToken{}, err
	}
	now := t.now()
	expires := now.Add(IDTokenLifetime)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: user.Name, Audience: jwt.ClaimStrings{t.mesh},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Groups: user.Groups, UID: user.UID, Extra: user.Extra,
	})
	signed, err := token.SignedString(keys.Signing)
	if err != nil {
		return IDToken{}, fmt.Errorf("sign the ID token: %w", err)
	}
	return IDToken{Token: signed, Expires: expires}, nil
}

// CheckID returns the user that an ID token stands for, and until when. The error is ErrToken when it stands for nobody.
func (t *Tokens) CheckID(ctx context.Context, token string) (User, time.Time, error) {
	keys, err := t.keys.Keys(ctx)
	if err != nil {
		return User{}, time.Time{}, err
	}
	parsed := &claims{}
	_, err = jwt.ParseWithClaims(token, parsed, func(*jwt.Token) (any, error) { return keys.Signing, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(t.mesh),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(t.now))
	if err != nil || parsed.Subject == "" {
		return User{}, time.Time{}, ErrToken
	}
	return User{Name: parsed.Subject, UID: parsed.UID, Groups: parsed.Groups, Extra: parsed.Extra}, parsed.ExpiresAt.Time, nil
}
