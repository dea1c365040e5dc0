package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/server"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/peers"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/telemetry"
)

// silent is the address of an API server that takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "https://" + listener.Addr().String()
}

// mesh is what a client sees of the clusters.
type mesh struct {
	Clusters   []struct{ Name, Problem string }
	Namespaces []struct{ Cluster string }
}

// Peers come and go while the server runs. One that does not answer delays and breaks nothing of the others.
func TestPeersComeAndGo(t *testing.T) {
	one, two := kubetest.Start(t), kubetest.Start(t, kubetest.Another(2))
	own, err := cluster.New("c1", one.Config)
	if err != nil {
		t.Fatal(err)
	}
	log, metrics, clusters := slog.New(slog.DiscardHandler), &telemetry.Mesh{}, cluster.NewFleet(own)
	observers, err := server.Observe(clusters.All(), metrics, log)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan []peers.Peer)
	source := func(ctx context.Context, tell func([]peers.Peer)) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case all := <-told:
				tell(all)
			}
		}
	}
	sessions := session.New(session.Settings{Now: time.Now, Log: log, Anonymous: true}, signin.NewVerifier(one.Config), nil)
	served := &server.Server{Sessions: sessions, Clusters: clusters, Peers: source, Mesh: metrics, Observers: observers, Log: log}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- served.Run(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	s := &site{address: "http://" + listener.Addr().String()}
	await := func(step string, want map[string]string, with ...string) {
		t.Helper()
		var last string
		err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
			began := time.Now()
			response, text := s.do(t, http.MethodPost, "/api/graphql", "", `{"query": "{ clusters { name problem } namespaces { cluster } }"}`)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("%s: an answer takes %s", step, took)
			}
			last = text
			var answer struct{ Data mesh }
			if err := json.Unmarshal([]byte(text), &answer); err != nil || response.StatusCode != http.StatusOK {
				return false, nil //nolint:nilerr // it may answer the next time
			}
			problems, seen := map[string]string{}, map[string]bool{}
			for _, c := range answer.Data.Clusters {
				problems[c.Name] = c.Problem
			}
			for _, n := range answer.Data.Namespaces {
				seen[n.Cluster] = true
			}
			shown := len(seen) == len(with)
			for _, name := range with {
				shown = shown && seen[name]
			}
			return shown && cmp.Equal(want, problems), nil
		})
		if err != nil {
			t.Fatalf("%s: want %v with namespaces of %v, got %s", step, want, with, last)
		}
	}
	await("alone", map[string]string{"c1": ""}, "c1")
	second := peers.Peer{Name: "c2", Config: two.Config, Fingerprint: "a"}
	mute := peers.Peer{Name: "c3", Config: &rest.Config{Host: silent(t)}, Fingerprint: "a"}
	unknown := peers.Peer{Name: "c4", Problem: "there are no credentials for it here"}
	told <- []peers.Peer{second, mute, unknown}
	away := map[string]string{"c1": "", "c2": "", "c3": "its API server does not answer in time", "c4": "there are no credentials for it here"}
	await("with peers", away, "c1", "c2")
	refused := rest.AnonymousClientConfig(two.Config)
	refused.BearerToken = "wrong"
	told <- []peers.Peer{{Name: "c2", Config: refused, Fingerprint: "b"}}
	await("with other credentials", map[string]string{"c1": "", "c2": "its API server refuses the credentials"}, "c1")
	told <- []peers.Peer{second}
	await("again", map[string]string{"c1": "", "c2": ""}, "c1", "c2")
	told <- nil
	await("alone again", map[string]string{"c1": ""}, "c1")
}
