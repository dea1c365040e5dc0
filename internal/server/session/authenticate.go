package session

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/meshmanager/smm/internal/signin"
)

// Someone is who a request comes from.
type Someone struct {
	User signin.User
	// Expires is when the sign-in ends; zero for never.
	Expires time.Time
	// Anonymous tells that nobody signs in here.
	Anonymous bool
	// OwnRights tells that the server's own rights are used: those of everybody where nobody signs in, or of the one user
	// who runs the server for themselves.
	OwnRights bool
}

type contextKey struct{}

// From returns who the request of the context comes from.
func From(ctx context.Context) (Someone, bool) {
	someone, found := ctx.Value(contextKey{}).(Someone)
	return someone, found
}

// With returns a context of a request from someone.
func With(ctx context.Context, someone Someone) context.Context {
	return context.WithValue(ctx, contextKey{}, someone)
}

// Require lets only those requests pass that prove whose they are.
func (s *Sessions) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		someone, err := s.identify(r)
		if err != nil {
			refuse(w, http.StatusUnauthorized, "sign in first, with `smm login` or `smm dashboard`")
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), someone)))
	})
}

// identify finds out whose a request is: by the header of a program or the cookie of a browser.
func (s *Sessions) identify(r *http.Request) (Someone, error) {
	if s.settings.Anonymous {
		return Someone{User: signin.User{Name: anonymousName}, Anonymous: true, OwnRights: true}, nil
	}
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		cookie, err := r.Cookie(s.cookieName(r))
		if err != nil {
			return Someone{}, signin.ErrToken
		}
		token = cookie.Value
	}
	user, expires, err := s.tokens.CheckID(r.Context(), token)
	if err != nil {
		return Someone{}, err
	}
	return Someone{User: user, Expires: expires, OwnRights: s.settings.Owner != nil}, s.admit(user)
}

// RequireOfCluster lets those pass whom the cluster knows by their bearer token, without signing in: programs in it.
func (s *Sessions) RequireOfCluster(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.settings.Anonymous {
			someone, _ := s.identify(r)
			next.ServeHTTP(w, r.WithContext(With(r.Context(), someone)))
			return
		}
		token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !found { // nothing was tried
			refuse(w, http.StatusUnauthorized, "a bearer token that the cluster knows is needed")
			return
		}
		s.prove(w, r, func(ctx context.Context) (func(), error) {
			user, err := s.verifier.Verify(ctx, signin.Credentials{Token: token})
			if err == nil {
				err = s.admit(user)
			}
			return func() {
				next.ServeHTTP(w, r.WithContext(With(r.Context(), Someone{User: user, OwnRights: s.settings.Owner != nil})))
			}, err
		})
	})
}

// admit keeps others out of the server that one user runs for themselves.
func (s *Sessions) admit(user signin.User) error {
	if owner := s.settings.Owner; owner != nil && user.Name != owner.Name {
		return signin.ErrRefused
	}
	return nil
}
