package session

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/meshmanager/smm/internal/signin"
)

// maxBody bounds what somebody who is not signed in can send, in bytes.
const maxBody = 256 << 10

// nobodySignsIn is the answer to who tries to where authentication is switched off.
const nobodySignsIn = "nobody signs in here: authentication is switched off"

// login exchanges credentials for an ID token.
func (s *Sessions) login(w http.ResponseWriter, r *http.Request) {
	if s.settings.Anonymous {
		refuse(w, http.StatusConflict, nobodySignsIn)
		return
	}
	var credentials signin.Credentials
	s.attempt(w, r, &credentials, func(ctx context.Context) (any, error) {
		user, err := s.verifier.Verify(ctx, credentials)
		if err == nil {
			err = s.admit(user)
		}
		if err != nil {
			return nil, err
		}
		return s.tokens.IssueID(ctx, user)
	})
}

// session exchanges a login token for the cookie that keeps a browser signed in.
func (s *Sessions) session(w http.ResponseWriter, r *http.Request) {
	var request struct {
		LoginToken string `json:"loginToken"`
	}
	s.attempt(w, r, &request, func(ctx context.Context) (any, error) {
		user, err := s.tokens.RedeemLogin(ctx, request.LoginToken)
		if err != nil {
			return nil, err
		}
		issued, err := s.tokens.IssueID(ctx, user)
		if err != nil {
			return nil, err
		}
		s.setCookie(w, r, issued.Token, issued.Expires)
		return describe(Someone{User: user, Expires: issued.Expires}), nil
	})
}

// attempt lets somebody prove who they are by what they send.
func (s *Sessions) attempt(w http.ResponseWriter, r *http.Request, request any, exchange func(context.Context) (any, error)) {
	s.prove(w, r, func(ctx context.Context) (func(), error) {
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(request); err != nil {
			return nil, errForm
		}
		result, err := exchange(ctx)
		return func() { reply(w, result) }, err
	})
}

// errForm tells that nothing was tried: the request is not of the right form.
var errForm = errors.New("the request is no JSON of the right form")

// prove lets somebody prove who they are, and makes those wait who failed before. The answer is given to who could.
func (s *Sessions) prove(w http.ResponseWriter, r *http.Request, proof func(context.Context) (answer func(), err error)) {
	source := sourceOf(r)
	if wait := s.brake.Wait(source); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		refuse(w, http.StatusTooManyRequests, "too many failed attempts to sign in: try again later")
		return
	}
	answer, err := proof(r.Context())
	switch {
	case errors.Is(err, errForm):
		refuse(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, signin.ErrRefused), errors.Is(err, signin.ErrToken):
		s.brake.Failed(source)
		s.settings.Log.WarnContext(r.Context(), "sign-in refused", "source", source)
		refuse(w, http.StatusUnauthorized, firstLine(err))
	case err != nil:
		s.settings.Log.ErrorContext(r.Context(), "sign-in failed", "source", source, "error", err)
		refuse(w, http.StatusServiceUnavailable, "the cluster could not be asked: try again later")
	default:
		s.brake.Succeeded(source)
		answer()
	}
}

// firstLine keeps details of joined errors to the log.
func firstLine(err error) string {
	if errors.Is(err, signin.ErrRefused) {
		return signin.ErrRefused.Error()
	}
	return signin.ErrToken.Error()
}

// token gives somebody who is signed in a token with which they can sign in a browser.
func (s *Sessions) token(w http.ResponseWriter, r *http.Request) {
	someone, _ := From(r.Context())
	if someone.Anonymous {
		refuse(w, http.StatusConflict, nobodySignsIn)
		return
	}
	token, err := s.tokens.IssueLogin(r.Context(), someone.User)
	if err != nil {
		s.settings.Log.ErrorContext(r.Context(), "issue login token", "error", err)
		refuse(w, http.StatusServiceUnavailable, "no login token could be issued: try again later")
		return
	}
	reply(w, map[string]string{"loginToken": token})
}

func (s *Sessions) me(w http.ResponseWriter, r *http.Request) {
	someone, _ := From(r.Context())
	reply(w, describe(someone))
}

func (s *Sessions) logout(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w, r, "", time.Unix(0, 0))
	w.WriteHeader(http.StatusNoContent)
}

// Me is what a user is told about themselves.
type Me struct {
	Name      string     `json:"name"`
	Groups    []string   `json:"groups"`
	Anonymous bool       `json:"anonymous"`
	Expires   *time.Time `json:"expires,omitempty"`
}

func describe(someone Someone) Me {
	me := Me{Name: someone.User.Name, Groups: someone.User.Groups, Anonymous: someone.Anonymous}
	if me.Groups == nil {
		me.Groups = []string{}
	}
	if !someone.Expires.IsZero() {
		me.Expires = &someone.Expires
	}
	return me
}

func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func reply(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(content) // nobody is left to tell when it fails
}

// refuse answers with one sentence that says what to do.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message}) // nobody is left to tell when it fails
}
