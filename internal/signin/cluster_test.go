package signin_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/signin"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// tokenOf makes a service account and returns a token of it.
func tokenOf(t *testing.T, config *rest.Config, namespace string) string {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	accounts := c.CoreV1().ServiceAccounts(namespace)
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "jane"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := accounts.CreateToken(t.Context(), "jane", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}

// Whatever kubectl could use, the cluster tells whose it is.
func TestTheClusterTellsWhoseCredentialsTheseAre(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace := cluster.Namespace(t)
	token := tokenOf(t, cluster.Config, namespace)
	bearer := func(change func(*rest.Config)) *rest.Config {
		config := rest.AnonymousClientConfig(cluster.Config)
		change(config)
		return config
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	account := "system:serviceaccount:" + namespace + ":jane"
	for name, test := range map[string]struct {
		config *rest.Config
		want   string
	}{
		"a token":          {bearer(func(c *rest.Config) { c.BearerToken = token }), account},
		"a token's file":   {bearer(func(c *rest.Config) { c.BearerTokenFile = file }), account},
		"an exec plugin":   {bearer(func(c *rest.Config) { c.ExecProvider = plugin(t, token) }), account},
		"the kubeconfig's": {cluster.Config, ""},
	} {
		t.Run(name, func(t *testing.T) {
			credentials, err := signin.CredentialsOf(test.config)
			if err != nil {
				t.Fatal(err)
			}
			user, err := signin.NewVerifier(cluster.Config).Verify(t.Context(), credentials)
			if err != nil {
				t.Fatal(err)
			}
			if test.want != "" && user.Name != test.want || test.want == "" && user.Name == "" {
				t.Errorf("user %q, want %q", user.Name, test.want)
			}
			if len(user.Groups) == 0 {
				t.Error("the user has no groups")
			}
		})
	}
}

// plugin is an exec plugin that gives the token.
func plugin(t *testing.T, token string) *api.ExecConfig {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	script := `#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + token + `"}}'
`
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return &api.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: path, InteractiveMode: api.NeverExecInteractiveMode,
	}
}

func TestTheClusterRefusesNobodysCredentials(t *testing.T) {
	cluster := kubetest.Start(t)
	verifier := signin.NewVerifier(cluster.Config)
	for name, credentials := range map[string]signin.Credentials{
		"none":                       {},
		"a token that is made up":    {Token: "made-up"},
		"a token over two lines":     {Token: "a\nb"},
		"a certificate that is none": {Certificate: "-----BEGIN", Key: "-----BEGIN"},
		"a certificate without key":  {Certificate: "-----BEGIN"},
		"a token that is too long":   {Token: strings.Repeat("a", 1<<20)},
	} {
		if user, err := verifier.Verify(t.Context(), credentials); !errors.Is(err, signin.ErrRefused) {
			t.Errorf("%s: user %v, error %v", name, user, err)
		}
	}
}

func TestAPasswordIsNoCredential(t *testing.T) {
	_, err := signin.CredentialsOf(&rest.Config{Host: "https://127.0.0.1:1", Username: "joe", Password: "hidden"})
	if err == nil || !strings.Contains(err.Error(), "not supported") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error %v", err)
	}
}

// Deleting the Secret signs everybody out: the next token is checked with new keys.
func TestKeysAreMadeOnceAndAnewWhenDeleted(t *testing.T) {
	cluster := kubetest.Start(t)
	c, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &signin.KeyStore{Reader: c, Client: c, Namespace: cluster.Namespace(t)}
	clock := newClock()
	tokens := signin.NewTokens(store, "mesh1", clock.now)
	issued, err := tokens.IssueID(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	again := signin.NewTokens(&signin.KeyStore{Reader: c, Client: c, Namespace: store.Namespace}, "mesh1", clock.now)
	if _, _, err := again.CheckID(t.Context(), issued.Token); err != nil {
		t.Errorf("another instance: %v", err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: store.Namespace, Name: signin.SecretName}}
	if err := c.Delete(context.WithoutCancel(t.Context()), secret); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tokens.CheckID(t.Context(), issued.Token); !errors.Is(err, signin.ErrToken) {
		t.Errorf("after the Secret was deleted: %v", err)
	}
}
