package kube_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

var owner = kube.Owner{Kind: "Test", Namespace: "a", Name: "b"}

func newClient(t *testing.T) (client.Client, string) {
	t.Helper()
	cluster := kubetest.Start(t)
	c, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c, cluster.Namespace(t)
}

func configMap(namespace, name string, data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"data":     data,
	}}
}

// deployment uses values that the API server writes in another form (0.5 CPU, defaulted fields).
func deployment(namespace string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"namespace": namespace, "name": "web"},
		"spec": map[string]any{
			"replicas": int64(2),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec": map[string]any{"containers": []any{map[string]any{
					"name": "web", "image": "web:1",
					"resources": map[string]any{"requests": map[string]any{"cpu": "0.5", "memory": "1024Mi"}},
					"env":       []any{map[string]any{"name": "EMPTY", "value": ""}},
				}}},
			},
		},
	}}
}

func changes(report kube.Report) map[string]kube.Change {
	found := map[string]kube.Change{}
	for _, change := range report {
		found[change.Ref.Kind+" "+change.Ref.Name] = change.Change
	}
	return found
}

// The same input applied twice writes nothing, also by a process that knows nothing of the first.
func TestApplyWritesOnlyWhatChanges(t *testing.T) {
	c, namespace := newClient(t)
	ctx := t.Context()
	objects := []*unstructured.Unstructured{deployment(namespace), configMap(namespace, "settings", map[string]any{"k": "v"})}
	applier := kube.NewApplier(c)

	apply := func(a *kube.Applier, want map[string]kube.Change) {
		t.Helper()
		report, err := a.Apply(ctx, owner, objects)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, changes(report)); diff != "" {
			t.Fatal(diff)
		}
	}
	apply(applier, map[string]kube.Change{"Deployment web": kube.Created, "ConfigMap settings": kube.Created})
	apply(applier, map[string]kube.Change{"Deployment web": kube.Unchanged, "ConfigMap settings": kube.Unchanged})
	apply(kube.NewApplier(c), map[string]kube.Change{"Deployment web": kube.Unchanged, "ConfigMap settings": kube.Unchanged})

	objects[1] = configMap(namespace, "settings", map[string]any{})
	apply(applier, map[string]kube.Change{"Deployment web": kube.Unchanged, "ConfigMap settings": kube.Configured})
	var settings corev1.ConfigMap
	if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "settings"}, &settings); err != nil {
		t.Fatal(err)
	}
	if len(settings.Data) != 0 {
		t.Errorf("a key that is no longer desired is still there: %v", settings.Data)
	}
}

// What somebody else changed in a field of ours is put back; fields that are not ours are kept.
func TestApplyRestoresDriftAndKeepsForeignFields(t *testing.T) {
	c, namespace := newClient(t)
	ctx := t.Context()
	applier := kube.NewApplier(c)
	objects := []*unstructured.Unstructured{deployment(namespace)}
	if _, err := applier.Apply(ctx, owner, objects); err != nil {
		t.Fatal(err)
	}
	key := client.ObjectKey{Namespace: namespace, Name: "web"}
	var live appsv1.Deployment
	if err := c.Get(ctx, key, &live); err != nil {
		t.Fatal(err)
	}
	replicas := int32(7)
	live.Spec.Replicas = &replicas
	live.Annotations["somebody"] = "else"
	if err := c.Update(ctx, &live); err != nil {
		t.Fatal(err)
	}
	report, err := applier.Apply(ctx, owner, objects)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]kube.Change{"Deployment web": kube.Configured}, changes(report)); diff != "" {
		t.Error(diff)
	}
	if err := c.Get(ctx, key, &live); err != nil {
		t.Fatal(err)
	}
	if *live.Spec.Replicas != 2 || live.Annotations["somebody"] != "else" {
		t.Errorf("replicas %d, annotation %q; want 2 and else", *live.Spec.Replicas, live.Annotations["somebody"])
	}
}

// A status that others report is no reason to ask the API server what applying would do; a label
// of ours that somebody changed is, although it counts no generation up.
func TestApplyIgnoresStatusAndSeesLabels(t *testing.T) {
	cluster := kubetest.Start(t)
	dryRuns := 0
	counted := rest.CopyConfig(cluster.Config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(request *http.Request) (*http.Response, error) {
			if request.URL.Query().Get("dryRun") != "" {
				dryRuns++
			}
			return next.RoundTrip(request)
		})
	})
	c, err := client.New(counted, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, namespace := t.Context(), cluster.Namespace(t)
	applier, objects := kube.NewApplier(c), []*unstructured.Unstructured{deployment(namespace)}
	if _, err := applier.Apply(ctx, owner, objects); err != nil {
		t.Fatal(err)
	}
	var live appsv1.Deployment
	if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "web"}, &live); err != nil {
		t.Fatal(err)
	}
	live.Status.Replicas = 1
	if err := c.Status().Update(ctx, &live); err != nil {
		t.Fatal(err)
	}
	if _, err := applier.Apply(ctx, owner, objects); err != nil || dryRuns > 0 {
		t.Errorf("after a status: %d dry runs, error %v; want none", dryRuns, err)
	}
	live.Labels[kube.ManagedByLabel] = "somebody"
	if err := c.Update(ctx, &live); err != nil {
		t.Fatal(err)
	}
	report, err := applier.Apply(ctx, owner, objects)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]kube.Change{"Deployment web": kube.Configured}, changes(report)); diff != "" {
		t.Error(diff)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// Only objects that carry the owner's mark are pruned, and the inventory is known before they exist.
func TestSyncRecordsThenPrunesOnlyItsOwn(t *testing.T) {
	c, namespace := newClient(t)
	ctx := t.Context()
	applier := kube.NewApplier(c)
	var recorded [][]kube.Ref
	record := func(_ context.Context, refs []kube.Ref) error {
		recorded = append(recorded, refs)
		return nil
	}
	one, two := configMap(namespace, "one", nil), configMap(namespace, "two", nil)
	if _, err := applier.Sync(ctx, owner, []*unstructured.Unstructured{one, two}, nil, record); err != nil {
		t.Fatal(err)
	}
	foreign := configMap(namespace, "foreign", nil)
	if err := c.Create(ctx, foreign.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	previous := kube.Union(recorded[0], []kube.Ref{kube.RefOf(foreign)})
	report, err := applier.Sync(ctx, owner, []*unstructured.Unstructured{one}, previous, record)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]kube.Change{"ConfigMap one": kube.Unchanged, "ConfigMap two": kube.Deleted}, changes(report)); diff != "" {
		t.Error(diff)
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(foreign), &corev1.ConfigMap{}); err != nil {
		t.Errorf("an object without the owner's mark was touched: %v", err)
	}
	want := [][]kube.Ref{{kube.RefOf(one), kube.RefOf(two)}, {kube.RefOf(one)}}
	if diff := cmp.Diff(want, recorded); diff != "" {
		t.Error(diff)
	}
	remaining, err := applier.Remaining(ctx, owner, recorded[0])
	if err != nil || len(remaining) != 1 || remaining[0].Name != "one" {
		t.Errorf("Remaining = %v, %v; want one", remaining, err)
	}
	if err := c.Get(ctx, client.ObjectKeyFromObject(two), &corev1.ConfigMap{}); !apierrors.IsNotFound(err) {
		t.Errorf("two is not pruned: %v", err)
	}
}
