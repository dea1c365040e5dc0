package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	smmapi "github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/server/cluster"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/server/graph"
	"github.com/meshmanager/smm/internal/server/proxies"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/server/traffic"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/validation/live"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

// api is the API over a real cluster.
type api struct {
	kube    *kubetest.Cluster
	client  kubernetes.Interface
	cluster *cluster.Cluster
	backend *backend
	planes  *planes
	judge   *judge
	handler http.Handler
}

func startAPI(t *testing.T) *api {
	t.Helper()
	kube := kubetest.Start(t)
	installDefinitions(t, kube)
	client, err := kubernetes.NewForConfig(kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.New("c1", kube.Config)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	board, err := findings.New([]live.Cluster{{Name: "c1", Config: kube.Config}}, log)
	if err != nil {
		t.Fatal(err)
	}
	planes, judged := &planes{}, &judge{}
	watch := proxies.New([]proxies.Cluster{{Name: "c1", Inventory: planes.inventory, Ask: planes.ask}}, 100*time.Millisecond, log, board.Tell)
	for _, run := range []func(context.Context) error{c.Run, board.Run, watch.Run} {
		ended := make(chan error, 1)
		go func() { ended <- run(t.Context()) }()
		t.Cleanup(func() {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	if !c.Inventory.Synced(t.Context()) {
		t.Fatal("the inventory was not read")
	}
	clusters, backend := cluster.NewFleet(c), newBackend(t)
	source := &traffic.Source{Mesh: backend.mesh(t), Inventories: clusters.Inventories}
	resolver := &graph.Resolver{Clusters: clusters, Traffic: source, Board: board, Proxies: watch, Judge: judged, Log: log}
	return &api{kube: kube, client: client, cluster: c, backend: backend, planes: planes, judge: judged, handler: graph.NewHandler(resolver)}
}

type answer struct{ data, errors string }

// ask asks in a user's name.
func (a *api) ask(t *testing.T, user signin.User, query string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	a.handler.ServeHTTP(recorder, request.WithContext(session.With(request.Context(), session.Someone{User: user})))
	var content struct{ Data, Errors json.RawMessage }
	if err := json.Unmarshal(recorder.Body.Bytes(), &content); err != nil {
		t.Fatalf("%s: %v", recorder.Body, err)
	}
	return answer{exact(string(content.Data)), string(content.Errors)}
}

// follow subscribes in a user's name and returns what is told, until ctx ends.
func (a *api) follow(ctx context.Context, t *testing.T, user signin.User, query string) <-chan string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.handler.ServeHTTP(w, r.WithContext(session.With(r.Context(), session.Someone{User: user})))
	}))
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan string)
	go func() {
		defer server.Close()
		defer close(told)
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			data, found := strings.CutPrefix(lines.Text(), "data: ")
			if !found {
				continue
			}
			select {
			case told <- exact(data):
			case <-ctx.Done():
				return
			}
		}
	}()
	return told
}

// create makes an object of one of the product's kinds.
func (a *api) create(t *testing.T, namespace, text string) {
	t.Helper()
	var object unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		t.Fatal(err)
	}
	kind, err := a.cluster.KindOf(strings.ToLower(object.GetKind()) + "." + object.GroupVersionKind().Group)
	if err != nil {
		t.Fatal(err)
	}
	client, err := a.cluster.Dynamic(session.Someone{Anonymous: true, OwnRights: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Resource(kind.GVR()).Namespace(namespace).Create(t.Context(), &object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// installDefinitions makes the API server serve the product's kinds, and Istio's for machines.
func installDefinitions(t *testing.T, kube *kubetest.Cluster) {
	t.Helper()
	scheme, err := smmapi.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	if err := networkingv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(kube.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	ofIstio, err := istio.Builtin()[0].CRDs()
	if err != nil {
		t.Fatal(err)
	}
	var all []client.Object
	for _, definition := range definitions {
		all = append(all, definition)
	}
	for _, definition := range ofIstio {
		if strings.HasPrefix(definition.GetName(), "workload") {
			all = append(all, definition)
		}
	}
	for _, definition := range all {
		if err := c.Create(t.Context(), definition); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	for _, list := range []client.ObjectList{&v1alpha1.IstioControlPlaneList{}, &v1alpha1.IstioMeshGatewayList{}, &networkingv1.WorkloadEntryList{}} {
		err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			return c.List(ctx, list) == nil, nil
		})
		if err != nil {
			t.Fatalf("%T is not served", list)
		}
	}
}
