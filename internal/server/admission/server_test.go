package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/live"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

var discard = slog.New(slog.DiscardHandler)

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("it never came: " + what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// heard are the warnings that a client got.
type heard struct {
	mu       sync.Mutex
	warnings []string
}

func (h *heard) HandleWarningHeader(_ int, _ string, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.warnings = append(h.warnings, text)
}

func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.warnings
	h.warnings = nil
	return taken
}

// configured makes the webhook of an installation, which asks at an address of this machine, as no Service leads to it here.
func configured(t *testing.T, kubernetes kubernetes.Interface, address, namespace string) string {
	t.Helper()
	on := true
	cp := &smmv1alpha1.ControlPlane{}
	cp.Spec.SMM = &smmv1alpha1.SMM{
		Component: smmv1alpha1.Component{Enabled: &on}, Application: &smmv1alpha1.Component{Enabled: &on},
		AdmissionWarnings: &smmv1alpha1.Toggle{Enabled: &on},
	}
	objects, err := platform.Components(cp, istio.Builtin())
	do(t, err)
	at := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "ValidatingWebhookConfiguration" })
	if at < 0 {
		t.Fatal("an installation with admission warnings has no webhook")
	}
	var configuration admissionregistrationv1.ValidatingWebhookConfiguration
	do(t, runtime.DefaultUnstructuredConverter.FromUnstructured(objects[at].Object, &configuration))
	url := "https://" + address + "/"
	for i := range configuration.Webhooks {
		webhook := &configuration.Webhooks[i]
		webhook.ClientConfig = admissionregistrationv1.WebhookClientConfig{URL: &url}
		webhook.NamespaceSelector.MatchLabels = map[string]string{"kubernetes.io/metadata.name": namespace} // not those of other tests
	}
	configurations := kubernetes.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	_, err = configurations.Create(t.Context(), &configuration, metav1.CreateOptions{})
	do(t, err)
	t.Cleanup(func() { _ = configurations.Delete(context.Background(), configuration.Name, metav1.DeleteOptions{}) })
	return configuration.Name
}

func gateway(namespace, name string, selector map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"spec": map[string]any{"selector": selector, "servers": []any{map[string]any{
			"port": map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}, "hosts": []any{"*"},
		}}},
	}}
}

var gateways = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "gateways"}

// A real API server passes the warnings on, and stores the object in any case: with them, and without a server that gives
// them.
func TestAPIServerWarns(t *testing.T) {
	cluster := kubetest.Start(t)
	namespace := cluster.Namespace(t)
	c, err := client.New(cluster.Config, client.Options{})
	do(t, err)
	definitions, err := istio.Builtin()[0].CRDs()
	do(t, err)
	_, err = kube.NewApplier(c).Apply(t.Context(), kube.Owner{Kind: "Test", Name: "crds"}, definitions)
	do(t, err)
	typed, err := kubernetes.NewForConfig(cluster.Config)
	do(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	do(t, err)
	configurations := typed.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	board, err := findings.New([]live.Cluster{{Name: "c1", Config: cluster.Config}}, discard)
	do(t, err)
	server := &Server{
		Handler:  NewHandler(NewWarner("c1", board, access.NewReviewer(typed.AuthorizationV1().SubjectAccessReviews(), time.Now))),
		Listener: listener, Name: "127.0.0.1", Configurations: configurations,
		Configuration: configured(t, typed, listener.Addr().String(), namespace), Log: discard,
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = board.Run(ctx) })
	running.Go(func() {
		if err := server.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })

	told := &heard{}
	config := rest.CopyConfig(cluster.Config)
	config.WarningHandler = told
	user, err := dynamic.NewForConfig(config)
	do(t, err)
	resources := user.Resource(gateways).Namespace(namespace)
	eventually(t, "a warning about a gateway without selector", func() bool {
		_, err := resources.Create(t.Context(), gateway(namespace, "everywhere", nil), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		do(t, err)
		return slices.ContainsFunc(told.take(), func(text string) bool { return strings.Contains(text, "gateway/selector/missing") })
	})
	_, err = resources.Create(t.Context(), gateway(namespace, "some", map[string]any{"istio": "ingressgateway"}), metav1.CreateOptions{})
	do(t, err)
	if warnings := told.take(); slices.ContainsFunc(warnings, func(text string) bool { return strings.Contains(text, "gateway/selector/missing") }) {
		t.Errorf("a gateway with selector: %q", warnings)
	}

	// A certificate that is due is replaced, and the API server trusts the new one.
	old, err := newCertificate(server.Name, time.Now().Add(-renewal-time.Hour))
	do(t, err)
	server.certificate.Store(old)
	do(t, server.renew(t.Context(), time.Now()))
	if server.certificate.Load() == old {
		t.Error("the certificate is not replaced")
	}
	eventually(t, "a warning with the new certificate", func() bool {
		_, err := resources.Create(t.Context(), gateway(namespace, "everywhere", nil), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		do(t, err)
		return len(told.take()) > 0
	})

	stop()
	running.Wait()
	started := time.Now()
	_, err = resources.Create(t.Context(), gateway(namespace, "everywhere", nil), metav1.CreateOptions{})
	if took := time.Since(started); err != nil || took > 5*time.Second {
		t.Errorf("without the server: %v after %v", err, took)
	}
}

// Whatever a check does, the API server has its answer in time, and it is yes.
func TestNobodyWaitsForChecks(t *testing.T) {
	handler := NewHandler(NewWarner("c1", stuck{}, rights{}))
	body, err := json.Marshal(admissionv1.AdmissionReview{Request: request(t, rule)})
	do(t, err)
	answer := httptest.NewRecorder()
	started := time.Now()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body)))
	if took := time.Since(started); took > budget+time.Second {
		t.Errorf("it took %v", took)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(answer.Body.Bytes(), &review); err != nil || review.Response == nil || !review.Response.Allowed || review.Response.UID != "1" {
		t.Errorf("the answer is %s: %v", answer.Body, err)
	}
}

// What is no review is refused as a request; the API server then goes on without an answer.
func TestNoReview(t *testing.T) {
	for _, body := range []string{"", "nonsense", "{}"} {
		answer := httptest.NewRecorder()
		NewHandler(NewWarner("c1", board{}, rights{})).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		if answer.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", body, answer.Code)
		}
	}
}

// stuck is a board whose checks never end by themselves.
type stuck struct{}

func (stuck) Try(ctx context.Context, _ *validation.Object) ([]validation.Finding, bool) {
	<-ctx.Done()
	return nil, false
}

func (stuck) Has(validation.ID) bool { return false }
