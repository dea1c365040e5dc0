package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/server"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/telemetry"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// site is a whole server over a real API server.
type site struct {
	address string
	client  kubernetes.Interface
	keys    signin.Keys
	tokens  *signin.Tokens
}

func start(t *testing.T) *site {
	t.Helper()
	kube := kubetest.Start(t)
	client, err := kubernetes.NewForConfig(kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	own, err := cluster.New("c1", kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	log, mesh, clusters := slog.New(slog.DiscardHandler), &telemetry.Mesh{}, cluster.NewFleet(own)
	observers, err := server.Observe(clusters.All(), mesh, log)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{client: client, keys: signin.NewKeys()}
	s.tokens = signin.NewTokens(s.keys, "mesh1", time.Now)
	sessions := session.New(session.Settings{Now: time.Now, Log: log}, signin.NewVerifier(kube.Config), s.tokens)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		served := &server.Server{Sessions: sessions, Clusters: clusters, Mesh: mesh, Observers: observers, Log: log}
		ended <- served.Run(ctx, listener)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *site) do(t *testing.T, method, path, token, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// account returns a token of a service account, which may read /metrics or not.
func (s *site) account(t *testing.T, name string, mayRead bool) string {
	t.Helper()
	accounts := s.client.CoreV1().ServiceAccounts("default")
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if mayRead {
		role := &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}},
		}
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}},
		}
		if _, err := s.client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	issued, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return issued.Status.Token
}

func TestMetricsAreForWhomTheClusterLetsReadThem(t *testing.T) {
	s := start(t)
	reader, other := s.account(t, "reader", true), s.account(t, "other", false)
	var last string
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		response, text := s.do(t, "GET", "/metrics", reader, "")
		last = response.Status
		return response.StatusCode == http.StatusOK && strings.Contains(text, "go_goroutines"), nil
	})
	if err != nil {
		t.Fatalf("with the right: %s", last)
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"without the right": {other, http.StatusForbidden}, "without a token": {"", http.StatusUnauthorized}, "with nonsense": {"nonsense", http.StatusUnauthorized},
	} {
		if response, _ := s.do(t, "GET", "/metrics", c.token, ""); response.StatusCode != c.want {
			t.Errorf("%s: %s", name, response.Status)
		}
	}
}

// The API takes the server's own tokens only, and says so to all others.
func TestTheAPITakesOnlyItsOwnTokens(t *testing.T) {
	s := start(t)
	jane := signin.User{Name: "jane"}
	issue := func(tokens *signin.Tokens) string {
		issued, err := tokens.IssueID(t.Context(), jane)
		if err != nil {
			t.Fatal(err)
		}
		return issued.Token
	}
	good := issue(s.tokens)
	const query = `{"query": "{ me { name } }"}`
	if response, text := s.do(t, "POST", "/api/graphql", good, query); response.StatusCode != http.StatusOK || text != `{"data":{"me":{"name":"jane"}}}` {
		t.Errorf("a good token: %s %s", response.Status, text)
	}
	for name, token := range map[string]string{
		"none": "", "altered": good[:len(good)-4] + "AAAA", "of the cluster": s.account(t, "pod", false),
		"of another mesh": issue(signin.NewTokens(s.keys, "mesh2", time.Now)),
		"expired":         issue(signin.NewTokens(s.keys, "mesh1", func() time.Time { return time.Now().Add(-24 * time.Hour) })),
	} {
		response, text := s.do(t, "POST", "/api/graphql", token, query)
		if response.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "smm login") {
			t.Errorf("%s: %s %s", name, response.Status, text)
		}
		if response.Header.Get("X-Content-Type-Options") != "nosniff" || response.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers %v", name, response.Header)
		}
	}
	large := `{"query": "{ me { name } }", "variables": {"a": "` + strings.Repeat("x", 5<<20) + `"}}`
	if response, text := s.do(t, "POST", "/api/graphql", good, large); response.StatusCode == http.StatusOK && strings.Contains(text, "jane") {
		t.Errorf("5 MiB are taken: %s", response.Status)
	}
}
