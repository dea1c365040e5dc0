package migration_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
)

// refusedLabel makes the injector refuse a pod when the namespace selects the control plane that it names.
const refusedLabel = "refused-by"

// startInjector gives the pods of a namespace what istiod's injector does, as far as it matters: a note of which
// control plane injected them.
func startInjector(t *testing.T, c client.Client, namespace string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review.Response = inject(r, c, review.Request)
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	fail, none := registrationv1.Fail, registrationv1.SideEffectClassNone
	config := &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []registrationv1.MutatingWebhook{{
			Name: "inject.example.com", AdmissionReviewVersions: []string{"v1"}, FailurePolicy: &fail, SideEffects: &none,
			ClientConfig: registrationv1.WebhookClientConfig{
				URL: &server.URL, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []registrationv1.RuleWithOperations{{
				Operations: []registrationv1.OperationType{registrationv1.Create},
				Rule:       registrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}
	if err := c.Create(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Delete(withoutCancel(t), config) })
}

func inject(r *http.Request, c client.Client, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	response := &admissionv1.AdmissionResponse{UID: request.UID}
	var namespace corev1.Namespace
	var pod corev1.Pod
	if json.Unmarshal(request.Object.Raw, &pod) != nil || c.Get(r.Context(), client.ObjectKey{Name: request.Namespace}, &namespace) != nil {
		return response
	}
	revision, _, _ := strings.Cut(namespace.Labels[istio.RevisionLabel], ".")
	if pod.Labels[refusedLabel] == revision {
		response.Result = &metav1.Status{Message: "refused for the test"}
		return response
	}
	annotations := map[string]string{"sidecar.istio.io/status": fmt.Sprintf(`{"revision":%q}`, revision)}
	for key, value := range pod.Annotations {
		annotations[key] = value
	}
	patch, err := json.Marshal([]map[string]any{{"op": "add", "path": "/metadata/annotations", "value": annotations}})
	if err != nil {
		return response
	}
	kind := admissionv1.PatchTypeJSONPatch
	response.Allowed, response.Patch, response.PatchType = true, patch, &kind
	return response
}
