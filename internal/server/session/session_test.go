package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// directory knows one token.
type directory struct{ away bool }

func (d *directory) Verify(_ context.Context, credentials signin.Credentials) (signin.User, error) {
	switch {
	case d.away:
		return signin.User{}, errors.New("connection refused by 10.0.0.1")
	case credentials.Token == "jane's":
		return signin.User{Name: "jane", Groups: []string{"dev"}}, nil
	}
	return signin.User{}, errors.Join(signin.ErrRefused, errors.New("a detail"))
}

type keys struct{}

func (keys) Keys(context.Context) (signin.Keys, error) {
	key := bytes.Repeat([]byte{7}, 32)
	return signin.Keys{Signing: key, Encryption: key}, nil
}

type site struct {
	*httptest.Server
	directory directory
	now       time.Time
	log       bytes.Buffer
}

func start(t *testing.T, change func(*session.Settings)) *site {
	t.Helper()
	s := &site{now: time.Now()}
	settings := session.Settings{
		Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(&s.log, nil)), InsecureCookies: true,
	}
	change(&settings)
	sessions := session.New(settings, &s.directory, signin.NewTokens(keys{}, "mesh1", settings.Now))
	mux := http.NewServeMux()
	sessions.Routes(mux)
	s.Server = httptest.NewServer(session.Protect(mux))
	t.Cleanup(s.Close)
	return s
}

func (s *site) send(t *testing.T, method, path, body string, change func(*http.Request)) (*http.Response, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(request)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var content map[string]any
	_ = json.NewDecoder(response.Body).Decode(&content) // some have no body
	return response, content
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// The documented way of a user from a kubeconfig to a browser.
func TestFromCredentialsToABrowserSession(t *testing.T) {
	s := start(t, func(*session.Settings) {})
	_, issued := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil)
	id, _ := issued["idToken"].(string)
	_, me := s.send(t, "GET", "/api/auth/me", "", bearer(id))
	if diff := cmp.Diff("jane", me["name"]); diff != "" {
		t.Error(diff)
	}
	_, short := s.send(t, "POST", "/api/auth/token", "", bearer(id))
	login, _ := short["loginToken"].(string)
	response, _ := s.send(t, "POST", "/api/auth/session", `{"loginToken": "`+login+`"}`, nil)
	cookies := response.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("cookies %v", cookies)
	}
	withCookie := func(r *http.Request) { r.AddCookie(cookies[0]) }
	if _, me := s.send(t, "GET", "/api/auth/me", "", withCookie); me["name"] != "jane" {
		t.Errorf("with the cookie: %v", me)
	}
	if response, _ := s.send(t, "POST", "/api/auth/session", `{"loginToken": "`+login+`"}`, nil); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("the login token works twice: %s", response.Status)
	}
	s.now = s.now.Add(signin.IDTokenLifetime)
	if response, _ := s.send(t, "GET", "/api/auth/me", "", withCookie); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("after ten hours: %s", response.Status)
	}
}

func TestWhoCannotProveWhoTheyAreIsRefusedAndSlowed(t *testing.T) {
	s := start(t, func(*session.Settings) {})
	if response, _ := s.send(t, "GET", "/api/auth/me", "", nil); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without anything: %s", response.Status)
	}
	if response, _ := s.send(t, "POST", "/api/auth/login", "nonsense", nil); response.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %s", response.Status)
	}
	for range 3 {
		response, content := s.send(t, "POST", "/api/auth/login", `{"token": "joe's"}`, nil)
		if response.StatusCode != http.StatusUnauthorized || strings.Contains(content["error"].(string), "detail") {
			t.Errorf("a wrong token: %s %v", response.Status, content)
		}
	}
	response, _ := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil)
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "1" {
		t.Errorf("after three failures: %s, retry after %q", response.Status, response.Header.Get("Retry-After"))
	}
	s.now = s.now.Add(time.Second)
	if response, _ := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil); response.StatusCode != http.StatusOK {
		t.Errorf("after the wait: %s", response.Status)
	}
	if strings.Contains(s.log.String(), "joe's") || strings.Contains(s.log.String(), "jane's") {
		t.Errorf("the log holds a credential: %s", s.log.String())
	}
}

func TestAClusterThatIsAwayIsNoFailedAttempt(t *testing.T) {
	s := start(t, func(*session.Settings) {})
	s.directory.away = true
	for range 5 {
		response, content := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil)
		if response.StatusCode != http.StatusServiceUnavailable || strings.Contains(content["error"].(string), "10.0.0.1") {
			t.Errorf("%s %v", response.Status, content)
		}
	}
}

func TestRequestsInAUsersNameFromAnotherSiteAreRefused(t *testing.T) {
	s := start(t, func(*session.Settings) {})
	for name, header := range map[string][2]string{
		"by what the browser says": {"Sec-Fetch-Site", "cross-site"},
		"by the origin":            {"Origin", "https://evil.example"},
	} {
		response, _ := s.send(t, "POST", "/api/auth/logout", "", func(r *http.Request) { r.Header.Set(header[0], header[1]) })
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", name, response.Status)
		}
	}
	response, _ := s.send(t, "POST", "/api/auth/logout", "", nil)
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("from the site itself: %s, headers %v", response.Status, response.Header)
	}
}

func TestCookiesNeedTLSExceptOnTheMachineItself(t *testing.T) {
	s := start(t, func(settings *session.Settings) { settings.InsecureCookies = false })
	for host, secure := range map[string]bool{
		"mesh.example.org": true, "10.0.0.1:80": true, "localhost.example.org": true, "127.0.0.1:50500": false, "localhost:50500": false, "[::1]:50500": false,
	} {
		response, _ := s.send(t, "POST", "/api/auth/logout", "", func(r *http.Request) { r.Host = host })
		cookie := response.Cookies()[0]
		if cookie.Secure != secure || strings.HasPrefix(cookie.Name, "__Host-") != secure {
			t.Errorf("at %s: cookie %v", host, cookie)
		}
	}
}

func TestNobodySignsInWhereAuthenticationIsOff(t *testing.T) {
	s := start(t, func(settings *session.Settings) { settings.Anonymous = true })
	_, me := s.send(t, "GET", "/api/auth/me", "", nil)
	if diff := cmp.Diff(map[string]any{"name": "anonymous", "anonymous": true, "groups": []any{}}, me); diff != "" {
		t.Error(diff)
	}
	if response, _ := s.send(t, "POST", "/api/auth/token", "", nil); response.StatusCode != http.StatusConflict {
		t.Errorf("login token: %s", response.Status)
	}
	if response, _ := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil); response.StatusCode != http.StatusConflict {
		t.Errorf("login: %s", response.Status)
	}
}

// Who runs the server for themselves shares it with nobody, whoever else the cluster knows.
func TestAServerOfOneUserLetsNobodyElseIn(t *testing.T) {
	for owner, want := range map[string]int{"jane": http.StatusOK, "root": http.StatusUnauthorized} {
		s := start(t, func(settings *session.Settings) { settings.Owner = &signin.User{Name: owner} })
		response, issued := s.send(t, "POST", "/api/auth/login", `{"token": "jane's"}`, nil)
		if response.StatusCode != want {
			t.Errorf("jane at the server of %s: %s %v", owner, response.Status, issued)
		}
	}
	s := start(t, func(settings *session.Settings) { settings.Owner = &signin.User{Name: "root"} })
	foreign, err := signin.NewTokens(keys{}, "mesh1", time.Now).IssueID(t.Context(), signin.User{Name: "jane"})
	if err != nil {
		t.Fatal(err)
	}
	if response, _ := s.send(t, "GET", "/api/auth/me", "", bearer(foreign.Token)); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a token that was issued before: %s", response.Status)
	}
}
