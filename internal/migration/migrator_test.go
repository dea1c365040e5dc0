package migration_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
	"github.com/meshmanager/smm/internal/migration"
)

func TestMain(m *testing.M) { kubetest.Main(m) }

func withoutCancel(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// world is a cluster with two control planes and a namespace that uses the first.
type world struct {
	t             *testing.T
	config        *rest.Config
	client        client.WithWatch
	namespace     string
	before, after istio.Revision
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	w := &world{t: t, config: cluster.Config, client: newClient(t, cluster.Config), namespace: cluster.Namespace(t)}
	planes := cluster.Namespace(t)
	w.before, w.after = istio.Revision{Name: "cp-v130x", Namespace: planes}, istio.Revision{Name: "cp-v131x", Namespace: planes}
	cluster.RunNode(t)
	w.define()
	for _, plane := range []istio.Revision{w.before, w.after} {
		icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: plane.Namespace, Name: plane.Name}}
		w.eventually("an IstioControlPlane is made", func(ctx context.Context) error { return w.client.Create(ctx, icp) })
		icp.Status.Status, icp.Status.ObservedGeneration = v1alpha1.ConfigStateAvailable, icp.Generation
		if err := w.client.Status().Update(t.Context(), icp); err != nil {
			t.Fatal(err)
		}
	}
	startInjector(t, w.client, w.namespace)
	w.label(w.before.Label())
	return w
}

func newClient(t *testing.T, config *rest.Config) client.WithWatch {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) define() {
	w.t.Helper()
	definitions, err := crds.All()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, definition := range definitions {
		if err := w.client.Create(w.t.Context(), definition); err != nil && !apierrors.IsAlreadyExists(err) {
			w.t.Fatal(err)
		}
	}
}

func (w *world) eventually(what string, condition func(context.Context) error) {
	w.t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(w.t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		last = condition(ctx)
		return last == nil, nil
	})
	if err != nil {
		w.t.Fatalf("%s: %v", what, last)
	}
}

func (w *world) label(value string) {
	w.t.Helper()
	namespace := w.read()
	namespace.Labels[istio.RevisionLabel] = value
	if err := w.client.Update(w.t.Context(), namespace); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read() *corev1.Namespace {
	w.t.Helper()
	namespace := &corev1.Namespace{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Name: w.namespace}, namespace); err != nil {
		w.t.Fatal(err)
	}
	return namespace
}

// template is one of pods that stop at once.
func template(name string, labels map[string]string) (*metav1.LabelSelector, corev1.PodTemplateSpec) {
	all := map[string]string{"app": name}
	for key, value := range labels {
		all[key] = value
	}
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: all},
		Spec:       corev1.PodSpec{TerminationGracePeriodSeconds: new(int64), Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
}

func (w *world) deployment(name string, labels map[string]string) {
	w.t.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	d.Spec.Selector, d.Spec.Template = template(name, labels)
	w.create(d)
}

func (w *world) create(object client.Object) {
	w.t.Helper()
	if err := w.client.Create(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

// migrate runs a migration to a control plane, or back.
func migrate(ctx context.Context, c client.WithWatch, namespace, to string, options migration.Options) (migration.Result, error) {
	m := migration.New(c, options)
	target, err := m.Target(ctx, namespace, to)
	if err != nil {
		return migration.Result{}, err
	}
	return m.Run(ctx, namespace, target, func(string) {})
}

// on waits until all pods of the namespace were injected by the control plane.
func (w *world) on(plane istio.Revision, count int) {
	w.t.Helper()
	w.eventually("all pods are on "+plane.Name, func(ctx context.Context) error {
		var pods corev1.PodList
		if err := w.client.List(ctx, &pods, client.InNamespace(w.namespace)); err != nil {
			return err
		}
		there := 0
		for _, pod := range pods.Items {
			if strings.Contains(pod.Annotations["sidecar.istio.io/status"], plane.Name) && pod.Status.Phase == corev1.PodRunning {
				there++
			}
		}
		if there != count || len(pods.Items) != count {
			return errors.New("not yet")
		}
		return nil
	})
}

// generations tells how often each workload's specification has changed.
func (w *world) generations() map[string]int64 {
	w.t.Helper()
	all := map[string]int64{}
	var deployments appsv1.DeploymentList
	var statefulSets appsv1.StatefulSetList
	for _, list := range []client.ObjectList{&deployments, &statefulSets} {
		if err := w.client.List(w.t.Context(), list, client.InNamespace(w.namespace)); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, d := range deployments.Items {
		all[d.Name] = d.Generation
	}
	for _, s := range statefulSets.Items {
		all[s.Name] = s.Generation
	}
	return all
}

// dying lets so many writes through; then the process might as well be dead.
type dying struct {
	next   http.RoundTripper
	writes atomic.Int64
}

var errKilled = errors.New("killed")

func (d *dying) RoundTrip(request *http.Request) (*http.Response, error) {
	if d.writes.Load() <= 0 {
		return nil, errKilled
	}
	response, err := d.next.RoundTrip(request)
	if request.Method != http.MethodGet {
		d.writes.Add(-1)
	}
	return response, err
}

func (w *world) dyingClient(writes int64) client.WithWatch {
	config := rest.CopyConfig(w.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		d := &dying{next: next}
		d.writes.Store(writes)
		return d
	})
	return newClient(w.t, config)
}

// Killed after any write and repeated, a migration moves every workload, restarts each exactly once, and knows the way
// back; so does a rollback. The quick run takes one of the writes, the long one all of them.
func TestMigrationSurvivesBeingKilledAtAnyWrite(t *testing.T) {
	w := newWorld(t)
	w.deployment("a", nil)
	w.deployment("b", nil)
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "c"}}
	set.Spec.Selector, set.Spec.Template = template("c", nil)
	w.create(set)
	w.on(w.before, 3)

	const writes = 4 // the label, and a restart for each workload
	first, last := int64(1), int64(writes)
	if testing.Short() {
		first, last = 2, 2
	}
	options := migration.Options{AtOnce: 2, Patience: time.Minute}
	for killAt := first; killAt <= last; killAt++ {
		for _, way := range []struct {
			to    string
			plane istio.Revision
		}{{w.after.Name, w.after}, {"", w.before}} {
			was := w.generations()
			if _, err := migrate(t.Context(), w.dyingClient(killAt), w.namespace, way.to, options); !errors.Is(err, errKilled) {
				t.Fatalf("killed after write %d on the way to %s: %v", killAt, way.plane.Name, err)
			}
			if _, err := migrate(t.Context(), w.client, w.namespace, way.to, options); err != nil {
				t.Fatalf("repeated after being killed at write %d on the way to %s: %v", killAt, way.plane.Name, err)
			}
			w.on(way.plane, 3)
			want := map[string]int64{}
			for name, generation := range was {
				want[name] = generation + 1
			}
			if diff := cmp.Diff(want, w.generations()); diff != "" {
				t.Errorf("killed at write %d on the way to %s: each workload is to be restarted once (-want +got):\n%s", killAt, way.plane.Name, diff)
			}
			if got := w.read().Labels[istio.RevisionLabel]; got != way.plane.Label() {
				t.Errorf("the namespace's label is %s, want %s", got, way.plane.Label())
			}
			again := w.read().ResourceVersion
			if result, err := migrate(t.Context(), w.client, w.namespace, way.to, options); err != nil || len(result.Restarted) > 0 || w.read().ResourceVersion != again {
				t.Errorf("once more changes something: %+v, %v", result, err)
			}
		}
	}
}

// A workload whose new pods do not come up stops the migration before the next one is touched; its old pods run on, and
// the way back works. What nobody makes anew is named.
func TestMigrationStopsAtTheFirstUnhealthyWorkload(t *testing.T) {
	w := newWorld(t)
	w.deployment("a", map[string]string{refusedLabel: w.after.Name})
	w.deployment("b", nil)
	w.create(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "bare"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	})
	w.on(w.before, 3)
	was := w.generations()

	_, err := migrate(t.Context(), w.client, w.namespace, w.after.Label(), migration.Options{AtOnce: 1, Patience: 500 * time.Millisecond})
	var stopped *migration.StoppedError
	if !errors.As(err, &stopped) || !strings.Contains(stopped.Reason, "Deployment a is not healthy") || stopped.Total != 2 {
		t.Fatalf("got %v; want it to stop at Deployment a", err)
	}
	if now := w.generations(); now["b"] != was["b"] {
		t.Error("Deployment b was touched after Deployment a had failed")
	}
	w.on(w.before, 3)
	result, err := migrate(t.Context(), w.client, w.namespace, "", migration.Options{AtOnce: 1, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w.on(w.before, 3)
	if got := w.read().Labels[istio.RevisionLabel]; got != w.before.Label() || len(result.Left) != 0 {
		t.Errorf("after the rollback: label %s, %+v", got, result)
	}

	m := migration.New(w.client, migration.Options{AtOnce: 1, Patience: time.Minute})
	target, err := m.Target(t.Context(), w.namespace, w.after.Name)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := m.Plan(t.Context(), w.namespace, target)
	if err != nil {
		t.Fatal(err)
	}
	want := migration.Plan{
		Namespace: w.namespace, From: w.before.Label(), To: w.after.Label(), Restart: []string{"Deployment a", "Deployment b"},
		Left: []migration.Left{{Name: "Pod bare", Reason: "no controller makes it anew: delete and create it yourself"}},
	}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	if _, err := m.Target(t.Context(), w.namespace, "cp-v199x"); err == nil || !strings.Contains(err.Error(), w.after.Label()) {
		t.Errorf("a control plane that does not exist: %v; want one that names those that do", err)
	}
}
