package session

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/meshmanager/smm/internal/signin"
)

// anonymousName is shown as the user where nobody signs in.
const anonymousName = "anonymous"

// Verifier tells whose credentials these are.
type Verifier interface {
	Verify(ctx context.Context, credentials signin.Credentials) (signin.User, error)
}

// Settings are what sign-in depends on.
type Settings struct {
	// Anonymous lets everybody act with the product's own rights, without signing in.
	Anonymous bool
	// Owner is who runs the server for themselves: nobody else is let in, and requests to clusters are made with the rights
	// that the server has anyway, which are theirs. Nil for a server for all.
	Owner *signin.User
	// InsecureCookies also sends the cookie without TLS, which a dashboard on 127.0.0.1 needs.
	InsecureCookies bool
	// Now tells the time.
	Now func() time.Time
	Log *slog.Logger
}

// Sessions signs users in and out.
type Sessions struct {
	settings Settings
	verifier Verifier
	tokens   *signin.Tokens
	brake    *signin.Brake
}

// New returns Sessions.
func New(settings Settings, verifier Verifier, tokens *signin.Tokens) *Sessions {
	return &Sessions{settings: settings, verifier: verifier, tokens: tokens, brake: signin.NewBrake(settings.Now)}
}

// OwnRights tells whether the server's own rights are used for all who are let in.
func (s *Sessions) OwnRights() bool { return s.settings.Anonymous || s.settings.Owner != nil }

// Routes adds the paths of sign-in:
//
//	POST /api/auth/login     credentials → ID token
//	POST /api/auth/token     ID token → login token of ten seconds
//	POST /api/auth/session   login token → cookie
//	GET  /api/auth/me        who is signed in
//	POST /api/auth/logout    forgets the cookie
func (s *Sessions) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/auth/login", s.login)
	mux.Handle("POST /api/auth/token", s.Require(http.HandlerFunc(s.token)))
	mux.HandleFunc("POST /api/auth/session", s.session)
	mux.Handle("GET /api/auth/me", s.Require(http.HandlerFunc(s.me)))
	mux.HandleFunc("POST /api/auth/logout", s.logout)
}

// cookieName has the prefix with which browsers take the cookie only over TLS, for this host and all paths (RFC 6265bis,
// section 4.1.3.2).
func (s *Sessions) cookieName(r *http.Request) string {
	if s.withoutTLS(r) {
		return "smm-session"
	}
	return "__Host-smm-session"
}

// withoutTLS tells whether a browser sends the cookie without TLS too. What it reaches by an address of its own machine, such
// as the end of a tunnel, it reaches over no network.
func (s *Sessions) withoutTLS(r *http.Request) bool {
	if s.settings.InsecureCookies {
		return true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	address := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || address != nil && address.IsLoopback()
}

func (s *Sessions) setCookie(w http.ResponseWriter, r *http.Request, value string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(r), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: !s.withoutTLS(r), SameSite: http.SameSiteStrictMode,
	})
}
