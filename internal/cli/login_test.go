package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshmanager/smm/internal/cli/userconfig"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// gate knows the token of jane's kubeconfig, and counts who asks.
type gate struct{ asked int }

func (g *gate) Verify(_ context.Context, credentials signin.Credentials) (signin.User, error) {
	g.asked++
	if credentials.Token != "jane's token" {
		return signin.User{}, signin.ErrRefused
	}
	return signin.User{Name: "jane"}, nil
}

// startSessions serves sign-in with keys of its own.
func startSessions(t *testing.T) (*httptest.Server, *gate) {
	t.Helper()
	known := &gate{}
	settings := session.Settings{InsecureCookies: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	mux := http.NewServeMux()
	session.New(settings, known, signin.NewTokens(signin.NewKeys(), "mesh1", time.Now)).Routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, known
}

// janes makes a home for jane: her kubeconfig, and an empty place for what smm remembers.
func janes(t *testing.T, token string) (kubeconfig, config string) {
	t.Helper()
	dir := t.TempDir()
	kubeconfig, config = filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "smm", "config.yaml")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: shop,
		clusters: [{name: c1, cluster: {server: "https://127.0.0.1:1"}}],
		contexts: [{name: shop, context: {cluster: c1, user: jane}}], users: [{name: jane, user: {token: %q}}]}`, token)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(userconfig.PathVariable, config)
	return kubeconfig, config
}

// redeem signs in a browser.
func redeem(t *testing.T, server, loginToken string) (status int, name string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"loginToken": strings.TrimSpace(loginToken)})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(server+"/api/auth/session", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var me struct{ Name string }
	_ = json.NewDecoder(response.Body).Decode(&me) // a refusal has none
	return response.StatusCode, me.Name
}

func TestLoginPrintsATokenForABrowserAndRemembersWhoSignedIn(t *testing.T) {
	server, known := startSessions(t)
	kubeconfig, config := janes(t, "jane's token")
	code, out, errOut := run(t, "login", "-c", kubeconfig, "--url", server.URL)
	if code != exitOK || !strings.Contains(errOut, server.URL) {
		t.Fatalf("exit code %d: %s%s", code, out, errOut)
	}
	if status, name := redeem(t, server.URL, out); status != http.StatusOK || name != "jane" {
		t.Errorf("the login token signs in %q: status %d", name, status)
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who else can read the ID token: %v, error %v", info.Mode(), err)
	}
	code, out, _ = run(t, "config", "get", "-c", kubeconfig, "-o", "yaml")
	if code != exitOK || !strings.Contains(out, "signedIn: true") || strings.Contains(out, "idToken") {
		t.Errorf("config get: exit code %d: %s", code, out)
	}
	// The next command needs neither the address nor the credentials again.
	code, out, errOut = run(t, "dashboard", "-c", kubeconfig, "--url", server.URL, "--no-browser")
	if code != exitOK || out != "The dashboard is at "+server.URL+"\n" || known.asked != 1 {
		t.Errorf("dashboard: exit code %d, %d times verified: %s%s", code, known.asked, out, errOut)
	}
	if code, _, errOut = run(t, "login", "-c", kubeconfig); code != exitOK || known.asked != 2 {
		t.Errorf("login again: exit code %d, %d times verified: %s", code, known.asked, errOut)
	}
	// A token that the server does not accept any more is replaced without a word.
	err := userconfig.Update(config, "shop", func(c *userconfig.Context) { c.IDToken += "x" })
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errOut = run(t, "dashboard", "-c", kubeconfig, "--url", server.URL, "--no-browser"); code != exitOK || known.asked != 3 {
		t.Errorf("with a spoilt token: exit code %d, %d times verified: %s", code, known.asked, errOut)
	}
}

func TestLoginSaysWhyNot(t *testing.T) {
	server, _ := startSessions(t)
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	for name, c := range map[string]struct {
		token string
		args  []string
		want  string
	}{
		"a wrong token":     {"joe's", []string{"--url", server.URL}, "the cluster refused the credentials"},
		"no address":        {"jane's token", nil, "give it with --url once"},
		"no encryption":     {"jane's token", []string{"--url", "http://mesh.example.org"}, "give an address with https"},
		"no server there":   {"jane's token", []string{"--url", "http://127.0.0.1:1"}, "cannot be reached"},
		"something else":    {"jane's token", []string{"--url", page.URL}, "404"},
		"no address's form": {"jane's token", []string{"--url", "mesh"}, "is no address"},
	} {
		kubeconfig, _ := janes(t, c.token)
		code, out, errOut := run(t, append([]string{"login", "-c", kubeconfig}, c.args...)...)
		if code == exitOK || out != "" || !strings.Contains(errOut, c.want) || strings.Contains(errOut, c.token) {
			t.Errorf("%s: exit code %d, %s%s", name, code, out, errOut)
		}
	}
}

func TestConfigEdit(t *testing.T) {
	_, path := janes(t, "x")
	for _, c := range []struct{ name, editor, want, after string }{
		{"a change", `printf 'contexts: {shop: {url: "https://a"}}' >`, "", `contexts: {shop: {url: "https://a"}}`},
		{"no change", "true", "Nothing was changed", `contexts: {shop: {url: "https://a"}}`},
		{"a mistake", "echo 'contexts: {shop: {ulr: x}}' >", "not saved", `contexts: {shop: {url: "https://a"}}`},
		{"no editor", "no-such-editor", "set EDITOR", `contexts: {shop: {url: "https://a"}}`},
	} {
		t.Setenv("VISUAL", c.editor)
		_, _, errOut := run(t, "config", "edit")
		after, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if !strings.Contains(errOut, c.want) || string(after) != c.after {
			t.Errorf("%s: %s\n%s", c.name, errOut, after)
		}
	}
}
