package live_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/live"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// state is what a follower has told.
type state struct {
	mu      sync.Mutex
	objects map[string]*validation.Object
	known   []validation.Kind
	changes int
}

func (s *state) apply(change validation.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	for _, o := range change.Set {
		s.objects[o.String()] = o
	}
	for _, id := range change.Delete {
		delete(s.objects, id.String())
	}
	s.known = append(s.known, change.Know["c1"]...)
}

func (s *state) has(id string) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.objects[id] != nil }

func follow(t *testing.T, config *rest.Config) (*state, *live.Follower) {
	t.Helper()
	kinds := []validation.Kind{
		validation.Service, validation.Pod, validation.VirtualService, validation.CustomResourceDefinition, validation.Gateway,
		validation.ConfigMap, validation.Secret, validation.Namespace,
	}
	follower, err := live.NewFollower(live.Cluster{Name: "c1", Config: config}, kinds)
	if err != nil {
		t.Fatal(err)
	}
	s := &state{objects: map[string]*validation.Object{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); follower.Run(ctx, s.apply) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s, follower
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("it never came: " + what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func service(namespace, name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Objects that come, change and go are told; so is a kind that the cluster gets later.
func TestFollow(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace, c := cluster.Namespace(t), newClient(t, cluster.Config)
	s, follower := follow(t, cluster.Config)
	one := service(namespace, "one")
	do(t, c.Create(t.Context(), one))
	eventually(t, "a new Service", func() bool { return s.has("service:c1:" + namespace + ":one") })
	one.Labels = map[string]string{"changed": "yes"}
	do(t, c.Update(t.Context(), one))
	eventually(t, "a changed Service", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.objects["service:c1:"+namespace+":one"].Labels["changed"] == "yes"
	})
	do(t, c.Delete(t.Context(), one))
	eventually(t, "no Service", func() bool { return !s.has("service:c1:" + namespace + ":one") })

	definitions, err := istio.Builtin()[0].CRDs()
	do(t, err)
	_, err = kube.NewApplier(c).Apply(t.Context(), kube.Owner{Kind: "Test", Name: "crds"}, definitions)
	do(t, err)
	route := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
		"metadata": map[string]any{"namespace": namespace, "name": "route"},
		"spec":     map[string]any{"hosts": []any{"one"}},
	}}
	eventually(t, "the new kind", func() bool { return c.Create(t.Context(), route.DeepCopy()) == nil })
	eventually(t, "a resource of the new kind", func() bool {
		return s.has("virtualservice.networking.istio.io:c1:" + namespace + ":route")
	})
	if notes := follower.Notes(); len(notes) > 0 {
		t.Errorf("notes: %q", notes)
	}
}

// Of the cluster's Secrets those that gateways name are read, once a gateway names them, and dropped with it.
func TestFollowsTheSecretsOfGateways(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace, c := cluster.Namespace(t), newClient(t, cluster.Config)
	definitions, err := istio.Builtin()[0].CRDs()
	do(t, err)
	_, err = kube.NewApplier(c).Apply(t.Context(), kube.Owner{Kind: "Test", Name: "crds"}, definitions)
	do(t, err)
	for _, name := range []string{"named", "other"} {
		do(t, c.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}))
	}
	do(t, c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}}))
	do(t, c.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "gw", Labels: map[string]string{"gw": namespace}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "gw", Image: "gw"}}},
	}))
	s, _ := follow(t, cluster.Config)
	gateway := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
		"metadata": map[string]any{"namespace": namespace, "name": "gw"},
		"spec": map[string]any{"selector": map[string]any{"gw": namespace}, "servers": []any{map[string]any{
			"port": map[string]any{"number": int64(443), "name": "https", "protocol": "HTTPS"}, "hosts": []any{"*"},
			"tls": map[string]any{"mode": "SIMPLE", "credentialName": "named"},
		}}},
	}}
	eventually(t, "the kind", func() bool { return c.Create(t.Context(), gateway) == nil })
	eventually(t, "the Secret", func() bool { return s.has("secret:c1:" + namespace + ":named") })
	if s.has("secret:c1:" + namespace + ":other") {
		t.Error("a Secret that no gateway names was read")
	}
	do(t, c.Delete(t.Context(), gateway))
	eventually(t, "no Secret", func() bool { return !s.has("secret:c1:" + namespace + ":named") })
}

// What a cluster had before it stopped answering stays; what happened meanwhile is seen when it answers again.
func TestUnreachableClusterKeepsItsObjects(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace, c := cluster.Namespace(t), newClient(t, cluster.Config)
	do(t, c.Create(t.Context(), service(namespace, "stays")))
	do(t, c.Create(t.Context(), service(namespace, "goes")))
	config, cut := throughProxy(t, cluster.Config)
	s, follower := follow(t, config)
	eventually(t, "the Services", func() bool {
		return s.has("service:c1:"+namespace+":stays") && s.has("service:c1:"+namespace+":goes")
	})
	cut(true)
	eventually(t, "a note", func() bool {
		return slices.ContainsFunc(follower.Notes(), func(note string) bool { return strings.Contains(note, "does not answer") })
	})
	do(t, c.Delete(t.Context(), service(namespace, "goes")))
	if !s.has("service:c1:"+namespace+":stays") || !s.has("service:c1:"+namespace+":goes") {
		t.Error("objects of an unreachable cluster are gone")
	}
	cut(false)
	eventually(t, "the deletion", func() bool { return !s.has("service:c1:" + namespace + ":goes") })
	eventually(t, "no note", func() bool { return len(follower.Notes()) == 0 })
}

// throughProxy returns a connection that can be cut.
func throughProxy(t *testing.T, config *rest.Config) (*rest.Config, func(bool)) {
	t.Helper()
	target, err := url.Parse(config.Host)
	do(t, err)
	transport, err := rest.TransportFor(config)
	do(t, err)
	var down atomic.Bool
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: transport, FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return &rest.Config{Host: server.URL}, func(cut bool) {
		down.Store(cut)
		if cut {
			server.CloseClientConnections()
		}
	}
}
