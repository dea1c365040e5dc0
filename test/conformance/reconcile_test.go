package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/operator"
)

// reconcileTimeout is how long a manifest may take until its state is reached.
const reconcileTimeout = 3 * time.Minute

// Every manifest that the documents print for the product's own resources does what the documents say of it, with the
// operator running. Only an Istio version that no catalogue holds is raised. What runs in pods is not part of this: pods
// are said to be ready by a node that runs nothing, and webhooks, which nobody answers here, ask nobody.
func TestDocumentedManifestsReconcile(t *testing.T) {
	c := start(t, kubetest.WithControllers())
	c.RunNode(t)
	c.balance(t)
	c.prepareNamespaces(t)
	c.operate(t)

	var results bytes.Buffer
	table := tabwriter.NewWriter(&results, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MANIFEST\tKIND\tVERSION\tSTATE\tEFFECTS\tSECONDS")
	tried := map[string]bool{}
	for _, manifest := range documentedManifests() {
		tried[manifest.file] = true
		t.Run(manifest.file, func(t *testing.T) {
			started := time.Now()
			object, raised := raiseVersion(t, read(t, testdata(t, "manifests", manifest.file)[0]))
			state := c.reconcile(t, object, manifest.state)
			for _, effect := range manifest.effects {
				c.check(t, effect)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%.1f\n", manifest.file, object.GetKind(), raised, state, len(manifest.effects), time.Since(started).Seconds())
		})
	}
	for _, path := range testdata(t, "manifests", "*.yaml") {
		if group := read(t, path).GroupVersionKind().Group; !tried[filepath.Base(path)] && (group == "smm.cisco.com" || group == "servicemesh.cisco.com") {
			t.Errorf("%s is not tried", filepath.Base(path))
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the documents' manifests:\n%s", results.String())
}

// raiseVersion gives a control plane whose version no catalogue holds one that a catalogue holds, and tells so.
func raiseVersion(t *testing.T, object *unstructured.Unstructured) (raised *unstructured.Unstructured, note string) {
	t.Helper()
	version, found, err := unstructured.NestedString(object.Object, "spec", "version")
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return object, ""
	}
	if _, err := istio.Builtin().Find(version); err == nil {
		return object, version
	}
	if err := unstructured.SetNestedField(object.Object, istio.BuiltinVersion, "spec", "version"); err != nil {
		t.Fatal(err)
	}
	return object, version + " -> " + istio.BuiltinVersion
}

// reconcile applies a manifest and waits until its state is the wanted one, for good and without an error. Its
// specification must stay what was applied: a GitOps tool sees no difference.
func (c *cluster) reconcile(t *testing.T, object *unstructured.Unstructured, wanted string) string {
	t.Helper()
	if object.GetKind() == "IstioControlPlane" {
		silenceWebhooks(t, object)
	}
	text, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	force := true
	resource := c.resource(t, object)
	apply := func() *unstructured.Unstructured {
		applied, err := resource.Patch(t.Context(), object.GetName(), types.ApplyPatchType, text, metav1.PatchOptions{
			FieldManager: fieldManager, FieldValidation: metav1.FieldValidationStrict, Force: &force,
		})
		if err != nil {
			t.Fatal(err)
		}
		return applied
	}
	first := apply()
	var live *unstructured.Unstructured
	var status string
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, reconcileTimeout, true, func(ctx context.Context) (bool, error) {
		var err error
		if live, err = resource.Get(ctx, object.GetName(), metav1.GetOptions{}); err != nil {
			return false, err
		}
		observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		status = statusOf(live, "status")
		return status == wanted && observed == live.GetGeneration(), nil
	})
	if err != nil {
		state, _ := json.Marshal(live.Object["status"])
		t.Fatalf("not %s within %s: %s", wanted, reconcileTimeout, state)
	}
	if message := statusOf(live, "errorMessage"); message != "" {
		t.Errorf("%s with the error %q", status, message)
	}
	if diff := cmp.Diff(object.Object["spec"], live.Object["spec"]); diff != "" {
		t.Errorf("the specification was written to (-manifest +live):\n%s", diff)
	}
	again := apply()
	if diff := cmp.Diff(managed(first), managed(again)); diff != "" || again.GetGeneration() != first.GetGeneration() {
		t.Errorf("applying the manifest again makes a difference: generation %d, then %d:\n%s", first.GetGeneration(), again.GetGeneration(), diff)
	}
	return status
}

// managed are the fields that belong to who applied a manifest.
func managed(object *unstructured.Unstructured) []metav1.ManagedFieldsEntry {
	return slices.DeleteFunc(object.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool { return entry.Manager != fieldManager })
}

// statusOf reads a field of the status, which gateways spell with a capital letter.
func statusOf(live *unstructured.Unstructured, field string) string {
	if live.GetKind() == "IstioMeshGateway" {
		field = strings.ToUpper(field[:1]) + field[1:]
	}
	value, _, _ := unstructured.NestedString(live.Object, "status", field)
	return value
}

// silenceWebhooks lets a control plane's webhooks ask nobody: no istiod answers here.
func silenceWebhooks(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	overlays, _, err := unstructured.NestedSlice(object.Object, "spec", "k8sResourceOverlays")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		overlays = append(overlays, map[string]any{
			"groupVersionKind": map[string]any{"kind": kind},
			"patches":          []any{map[string]any{"path": "/webhooks", "type": "remove"}},
		})
	}
	if err := unstructured.SetNestedSlice(object.Object, overlays, "spec", "k8sResourceOverlays"); err != nil {
		t.Fatal(err)
	}
}

// check waits until the cluster has what a manifest asks for: the state may be reached a moment earlier.
func (c *cluster) check(t *testing.T, e effect) {
	t.Helper()
	var got string
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		var err error
		got, err = c.value(ctx, e)
		return got == e.want, err
	})
	if err != nil {
		t.Errorf("%s %s is %q, want %q: %v", e.object, e.path, got, e.want, err)
	}
}

// value reads what an effect is about.
func (c *cluster) value(ctx context.Context, e effect) (string, error) {
	kind, name, _ := strings.Cut(e.object, " ")
	key := client.ObjectKey{Name: name}
	if namespace, name, namespaced := strings.Cut(name, "/"); namespaced {
		key = client.ObjectKey{Namespace: namespace, Name: name}
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(groupVersionOf(kind).WithKind(kind))
	if err := c.typed.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return absent, nil
		}
		return "", err
	}
	path := jsonpath.New(e.object).AllowMissingKeys(true)
	if err := path.Parse(e.path); err != nil {
		return "", err
	}
	var text bytes.Buffer
	err := path.Execute(&text, object.Object)
	return text.String(), err
}

func groupVersionOf(kind string) schema.GroupVersion {
	switch kind {
	case "Deployment":
		return schema.GroupVersion{Group: "apps", Version: "v1"}
	case "HorizontalPodAutoscaler":
		return schema.GroupVersion{Group: "autoscaling", Version: "v2"}
	case "VirtualService":
		return schema.GroupVersion{Group: "networking.istio.io", Version: "v1"}
	case "EndpointSlice":
		return schema.GroupVersion{Group: "discovery.k8s.io", Version: "v1"}
	case "GlobalMesh", "MeshCluster":
		return schema.GroupVersion{Group: "discovery.mspider.io", Version: "v3alpha1"}
	case "IstioMeshGateway", "IstioControlPlane", "PeerIstioControlPlane":
		return schema.GroupVersion{Group: "servicemesh.cisco.com", Version: "v1alpha1"}
	case "ControlPlane", "DemoApplication":
		return schema.GroupVersion{Group: "smm.cisco.com", Version: "v1alpha1"}
	default:
		return schema.GroupVersion{Version: "v1"}
	}
}

// operate runs the operator until the test ends, or until it is stopped.
func (c *cluster) operate(t *testing.T) (stop func()) {
	t.Helper()
	m, err := operator.New(c.Config, operator.Options{
		Namespace: metav1.NamespaceDefault, Catalogue: istio.Builtin(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}
