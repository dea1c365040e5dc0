package operator_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// maxKills is up to which write of an installation and its removal the operator is killed.
const maxKills = 200

// An operator that is killed after its n-th write is followed by one that reaches the same state, whether that write was
// one of the installation or of the removal. The quick run takes a sample of the writes, the long one all of them.
func TestOperatorKilledAtAnyWrite(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	s := newSite(ctx, t)
	whole := &line{}
	want := s.live(ctx, t, whole, nil)
	total := whole.writes.Load()
	t.Logf("an installation of %d objects and its removal take %d writes", len(want), total)
	step := int64(1)
	if testing.Short() {
		step = max(1, total/3)
	}
	for n := int64(1); n <= min(maxKills, total); n += step {
		survived := t.Run(fmt.Sprintf("write %d", n), func(t *testing.T) { s.live(ctx, t, &line{limit: n}, want) })
		if !survived {
			return // what is left of this one would spoil the next
		}
	}
}

// live has a ControlPlane made and removed by an operator that may be killed meanwhile, and then by its successor. It
// returns what was on the cluster in between, which must be what is wanted.
func (s *site) live(ctx context.Context, t *testing.T, through *line, want map[string]string) map[string]string {
	t.Helper()
	stop := operate(t, s.rights, through)
	reach := func(what string, reached func(context.Context) bool) {
		eventually(ctx, t, what, time.Minute, func(ctx context.Context) bool {
			if through.dead() {
				stop()
				through = &line{}
				stop = operate(t, s.rights, through)
			}
			return reached(ctx)
		})
	}
	killed := through.limit
	s.create(ctx, t)
	reach("installed", s.succeeded)
	made := s.objects(ctx, t)
	if diff := cmp.Diff(want, made); want != nil && diff != "" {
		t.Fatalf("killed at write %d, the objects differ (-want +got):\n%s", killed, diff)
	}
	s.delete(ctx, t)
	reach("removed", s.gone)
	stop()
	if left := s.objects(ctx, t); len(left) > 0 {
		t.Fatalf("killed at write %d, left on the cluster: %v", killed, left)
	}
	return made
}

// An API server that for a while answers every other request with 429 or 500 delays an installation and does not spoil it.
func TestOperatorOutlivesAServerInTrouble(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := newSite(ctx, t)
	var requests, refused atomic.Int64
	troubled := time.Now().Add(15 * time.Second)
	stop := operate(t, s.rights, &line{answer: func(request *http.Request) (*http.Response, bool) {
		n := requests.Add(1)
		if n%2 == 0 || time.Now().After(troubled) {
			return nil, false
		}
		refused.Add(1)
		if n%4 == 1 {
			return refuse(request, http.StatusTooManyRequests), true
		}
		return refuse(request, http.StatusInternalServerError), true
	}})
	defer func() { stop() }()
	s.create(ctx, t)
	eventually(ctx, t, "installed", 3*time.Minute, s.succeeded)
	if refused.Load() < 10 {
		t.Errorf("only %d of %d requests were refused", refused.Load(), requests.Load())
	}
	t.Logf("%d of %d requests were refused", refused.Load(), requests.Load())
	if message := s.message(ctx); message != "" {
		t.Errorf("the error is still told: %s", message)
	}
}

// A webhook that nobody answers holds the installation up; the status says which, and without it the installation goes on.
func TestOperatorWithAWebhookThatIsDown(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := newSite(ctx, t)
	url, fail, none := "https://127.0.0.1:1/", admissionv1.Fail, admissionv1.SideEffectClassNone
	webhook := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "down"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "down.example.org", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}, FailurePolicy: &fail, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments", "daemonsets"}},
			}},
		}},
	}
	if err := s.c.Create(ctx, webhook); err != nil {
		t.Fatal(err)
	}
	remove := func() {
		if err := s.c.Delete(context.WithoutCancel(ctx), webhook); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	}
	t.Cleanup(remove)
	stop := operate(t, s.rights, &line{})
	defer stop()
	s.create(ctx, t)
	eventually(ctx, t, "the webhook named in the status", time.Minute, func(ctx context.Context) bool {
		return strings.Contains(s.message(ctx), "down.example.org")
	})
	t.Logf("told as: %s", s.message(ctx))
	remove()
	eventually(ctx, t, "installed", 2*time.Minute, s.succeeded)
}

// Of an object's fields the product keeps those that it sets, against whoever takes them, and leaves all others alone.
func TestOperatorAgainstAnotherFieldManager(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := newSite(ctx, t)
	stop := operate(t, s.rights, &line{})
	defer stop()
	s.create(ctx, t)
	eventually(ctx, t, "installed", time.Minute, s.succeeded)
	key := client.ObjectKey{Namespace: "istio-system", Name: "istiod-cp-v131x"}
	var before appsv1.Deployment
	if err := s.c.Get(ctx, key, &before); err != nil {
		t.Fatal(err)
	}
	theirs := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{
			"namespace": key.Namespace, "name": key.Name,
			"annotations": map[string]any{"example.org/team": "payments"}, "labels": map[string]any{"app": "theirs"},
		},
	}}
	label := func(want string) func(context.Context) bool {
		return func(ctx context.Context) bool {
			var live appsv1.Deployment
			return s.c.Get(ctx, key, &live) == nil && live.Labels["app"] == want && live.Annotations["example.org/team"] == "payments"
		}
	}
	for range 5 {
		if err := s.c.Apply(ctx, client.ApplyConfigurationFromUnstructured(theirs.DeepCopy()), client.FieldOwner("another"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
		eventually(ctx, t, "the label put back and the annotation left", 10*time.Second, label(before.Labels["app"]))
	}
	var after appsv1.Deployment
	if err := s.c.Get(ctx, key, &after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Spec, after.Spec); after.UID != before.UID || diff != "" {
		t.Errorf("the Deployment was made anew or rolled out: %s", diff)
	}
	var icp servicemeshv1alpha1.IstioControlPlane
	eventually(ctx, t, "the other manager named", 10*time.Second, func(ctx context.Context) bool {
		if s.c.Get(ctx, client.ObjectKey{Namespace: "istio-system", Name: "cp-v131x"}, &icp) != nil {
			return false
		}
		drift := meta.FindStatusCondition(icp.Status.Conditions, kube.DriftedCondition)
		return drift != nil && drift.Message == "Deployment istio-system/istiod-cp-v131x (.metadata.labels.app, changed by another)"
	})
}

// A namespace that somebody deletes under the operator comes back with all that was in it.
func TestOperatorWithANamespaceThatIsDeleted(t *testing.T) {
	if testing.Short() {
		t.Skip("waits minutes on a small machine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := newSite(ctx, t)
	stop := operate(t, s.rights, &line{})
	defer stop()
	s.create(ctx, t)
	eventually(ctx, t, "installed", time.Minute, s.succeeded)
	want := s.objects(ctx, t)
	var old corev1.Namespace
	if err := s.c.Get(ctx, client.ObjectKey{Name: "istio-system"}, &old); err != nil {
		t.Fatal(err)
	}
	if err := s.c.Delete(ctx, old.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	eventually(ctx, t, "the namespace made anew", 2*time.Minute, func(ctx context.Context) bool {
		var live corev1.Namespace
		return s.c.Get(ctx, client.ObjectKey{Name: "istio-system"}, &live) == nil && live.UID != old.UID
	})
	eventually(ctx, t, "everything back", 2*time.Minute, func(ctx context.Context) bool {
		return s.succeeded(ctx) && cmp.Equal(want, s.objects(ctx, t))
	})
}

// A GitOps tool that applies the ControlPlane again and again finds what it applied: neither the specification nor whose
// the fields are changes under it.
func TestOperatorGivesGitOpsNoDifference(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s := newSite(ctx, t)
	stop := operate(t, s.rights, &line{})
	defer stop()
	text := []byte(`{"apiVersion":"smm.cisco.com/v1alpha1","kind":"ControlPlane","metadata":{"name":"smm"},"spec":{"clusterName":"c1"}}`)
	apply := func() *unstructured.Unstructured {
		live := s.controlPlane()
		if err := s.c.Patch(ctx, live, client.RawPatch(types.ApplyPatchType, text), client.FieldOwner("argocd-controller"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(smmv1alpha1.GroupVersion.WithKind(smmv1alpha1.KindControlPlane))
		if err := s.c.Get(ctx, client.ObjectKeyFromObject(live), object); err != nil {
			t.Fatal(err)
		}
		return object
	}
	first := apply()
	eventually(ctx, t, "installed", time.Minute, s.succeeded)
	second := apply()
	third := apply()
	if diff := cmp.Diff(first.Object["spec"], second.Object["spec"]); diff != "" {
		t.Errorf("the specification was written to:\n%s", diff)
	}
	if diff := cmp.Diff(managedBy(first, "argocd-controller"), managedBy(second, "argocd-controller")); diff != "" {
		t.Errorf("fields changed hands:\n%s", diff)
	}
	if second.GetResourceVersion() != third.GetResourceVersion() || second.GetGeneration() != first.GetGeneration() {
		t.Error("applying the same again changed something")
	}
}

func managedBy(object *unstructured.Unstructured, manager string) []metav1.ManagedFieldsEntry {
	var entries []metav1.ManagedFieldsEntry
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == manager {
			entries = append(entries, entry)
		}
	}
	return entries
}
