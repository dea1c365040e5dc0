package controlplane_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/crds"
	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// world is a cluster with a namespace of the test's own, in which pods become ready and istiods
// publish their root certificates.
type world struct {
	t             *testing.T
	client        client.WithWatch
	namespace     string
	controlPlanes *kube.Reconciler[*v1alpha1.IstioControlPlane]
	meshes        *kube.Reconciler[*v1alpha1.IstioMesh]
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.WithControllers())
	w := &world{t: t, client: newClient(t, cluster.Config)}
	w.define()
	cluster.RunNode(t)
	w.namespace = cluster.Namespace(t)
	w.controlPlanes = controlplane.NewReconciler(w.client, kube.NewApplier(w.client), istio.Builtin(), "v1.36.3")
	w.meshes = controlplane.NewMeshReconciler(w.client)
	w.create(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: istio.RootCertConfigMap},
		Data:       map[string]string{"root-cert.pem": "certificate"},
	})
	return w
}

// define makes the product's kinds known to the cluster.
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
	eventually(w.t, func(ctx context.Context) string {
		for _, definition := range definitions {
			var live apiextensionsv1.CustomResourceDefinition
			if err := w.client.Get(ctx, client.ObjectKeyFromObject(definition), &live); err != nil {
				return err.Error()
			}
			for _, condition := range live.Status.Conditions {
				if condition.Type == apiextensionsv1.Established && condition.Status != apiextensionsv1.ConditionTrue {
					return live.Name + " is not established"
				}
			}
		}
		return ""
	})
}

func (w *world) create(object client.Object) {
	w.t.Helper()
	if err := w.client.Create(w.t.Context(), object); err != nil {
		w.t.Fatal(err)
	}
}

// controlPlane makes an IstioControlPlane. It is removed with the test.
func (w *world) controlPlane(name, spec string) {
	w.t.Helper()
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	decodeYAML(w.t, spec, &icp.Spec)
	w.create(icp)
	w.t.Cleanup(func() {
		w.delete(name)
		w.settle(name, func(icp *v1alpha1.IstioControlPlane) string {
			if icp != nil {
				return "it is still there"
			}
			return ""
		})
	})
}

func (w *world) delete(name string) {
	w.t.Helper()
	icp := &v1alpha1.IstioControlPlane{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	if err := client.IgnoreNotFound(w.client.Delete(context.WithoutCancel(w.t.Context()), icp)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) change(name, spec string) {
	w.t.Helper()
	icp := w.read(name)
	icp.Spec = v1alpha1.IstioControlPlaneSpec{}
	decodeYAML(w.t, spec, &icp.Spec)
	if err := w.client.Update(w.t.Context(), icp); err != nil {
		w.t.Fatal(err)
	}
}

// read returns nil for a control plane that does not exist.
func (w *world) read(name string) *v1alpha1.IstioControlPlane {
	w.t.Helper()
	icp := &v1alpha1.IstioControlPlane{}
	err := w.client.Get(context.WithoutCancel(w.t.Context()), client.ObjectKey{Namespace: w.namespace, Name: name}, icp)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return icp
}

// round reconciles the control plane once.
func (w *world) round(name string) (kube.Outcome, error) {
	return w.controlPlanes.Reconcile(context.WithoutCancel(w.t.Context()), client.ObjectKey{Namespace: w.namespace, Name: name})
}

// settle reconciles until the condition holds.
func (w *world) settle(name string, condition func(*v1alpha1.IstioControlPlane) (problem string)) {
	w.t.Helper()
	eventually(withoutCancel{w.t}, func(context.Context) string {
		outcome, err := w.round(name)
		if problem := condition(w.read(name)); problem != "" {
			return fmt.Sprintf("%s; waiting: %s; error: %v", problem, outcome.Waiting, err)
		}
		return ""
	})
}

// withoutCancel lets clean-ups wait too: a test's context ends before them.
type withoutCancel struct{ *testing.T }

func (t withoutCancel) Context() context.Context { return context.WithoutCancel(t.T.Context()) }

func (w *world) available(name string) *v1alpha1.IstioControlPlane {
	w.t.Helper()
	w.settle(name, func(icp *v1alpha1.IstioControlPlane) string {
		if icp.Status.Status != v1alpha1.ConfigStateAvailable || icp.Status.ObservedGeneration != icp.Generation {
			return "it is " + string(icp.Status.Status)
		}
		return ""
	})
	return w.read(name)
}

func (w *world) exists(object client.Object, namespace, name string) bool {
	w.t.Helper()
	err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	return err == nil
}

// The CNI plugin comes and goes with the field, and the control plane is not available before it
// runs on the nodes.
func TestCNIPluginIsPartOfTheControlPlane(t *testing.T) {
	w := newWorld(t)
	w.controlPlane("cp", "{proxyInit: {cni: {enabled: true, excludeNamespaces: [kube-system, other]}}}")
	w.available("cp")
	var plugin appsv1.DaemonSet
	if !w.exists(&plugin, w.namespace, "istio-cni-node") || plugin.Status.NumberAvailable != plugin.Status.DesiredNumberScheduled {
		t.Fatalf("the control plane is available, the plugin's DaemonSet is not: %+v", plugin.Status)
	}
	var config corev1.ConfigMap
	if !w.exists(&config, w.namespace, "istio-cni-config") || config.Data["EXCLUDE_NAMESPACES"] != "kube-system,other" {
		t.Errorf("the plugin's configuration: %v", config.Data)
	}
	before := w.read("cp")
	if _, err := w.round("cp"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, w.read("cp")); diff != "" {
		t.Errorf("a round without a change wrote to the resource:\n%s", diff)
	}

	w.change("cp", "{}")
	w.available("cp")
	if w.exists(&appsv1.DaemonSet{}, w.namespace, "istio-cni-node") {
		t.Error("the plugin is still there")
	}
}

// What control planes of a cluster share passes from one to the next without being removed
// between: the tokens that peers read this cluster with end with their service account.
func TestSharedObjectsPassToTheNextControlPlane(t *testing.T) {
	w := newWorld(t)
	withCNI := "{proxyInit: {cni: {enabled: true}}}"
	w.controlPlane("cp-v130x", strings.Replace(withCNI, "{", "{version: '1.30', ", 1))
	w.available("cp-v130x")
	w.controlPlane("cp-v131x", withCNI)
	w.available("cp-v131x")
	shared := func() map[string]string {
		found := map[string]string{}
		for name, object := range map[string]client.Object{"istio-reader-service-account": &corev1.ServiceAccount{}, "istio-cni-node": &appsv1.DaemonSet{}} {
			if w.exists(object, w.namespace, name) {
				found[name] = fmt.Sprint(object.GetUID())
			}
		}
		return found
	}
	before := shared()
	if owner := w.ownerOfReader(); owner != "cp-v130x" || len(before) != 2 {
		t.Fatalf("before: %v, owned by %s", before, owner)
	}

	w.delete("cp-v130x")
	w.settle("cp-v130x", func(icp *v1alpha1.IstioControlPlane) string {
		if icp == nil {
			t.Fatal("the old control plane is gone before the new one took over")
		}
		if w.exists(&appsv1.Deployment{}, w.namespace, "istiod-cp-v130x") {
			return "its istiod is still there"
		}
		return ""
	})
	if diff := cmp.Diff(before, shared()); diff != "" {
		t.Errorf("while the old control plane goes:\n%s", diff)
	}
	w.available("cp-v131x")
	w.settle("cp-v130x", func(icp *v1alpha1.IstioControlPlane) string {
		if icp != nil {
			return "it is still there"
		}
		return ""
	})
	if diff := cmp.Diff(before, shared()); diff != "" {
		t.Errorf("after the old control plane went:\n%s", diff)
	}
	if owner := w.ownerOfReader(); owner != "cp-v131x" {
		t.Errorf("the shared objects belong to %s; want cp-v131x", owner)
	}
}

// ownerOfReader is the control plane that brings what all share.
func (w *world) ownerOfReader() string {
	w.t.Helper()
	var reader corev1.ServiceAccount
	if !w.exists(&reader, w.namespace, "istio-reader-service-account") {
		return ""
	}
	parts := strings.Split(reader.Annotations[kube.OwnerAnnotation], "/")
	return parts[len(parts)-1]
}

// Control planes inherit the config of their mesh; both resources tell what is wrong with it.
func TestControlPlanesInheritTheirMesh(t *testing.T) {
	w := newWorld(t)
	w.controlPlane("cp", "{meshID: mesh1, meshConfig: {accessLogFile: /dev/stdout}}")
	mesh := &v1alpha1.IstioMesh{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "mesh1"}}
	w.create(mesh)
	alone := w.available("cp")

	configure := func(config string) (*v1alpha1.IstioMesh, error) {
		t.Helper()
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"config":`+config+`}}`))
		if err := w.client.Patch(t.Context(), mesh, patch); err != nil {
			t.Fatal(err)
		}
		_, err := w.meshes.Reconcile(t.Context(), client.ObjectKeyFromObject(mesh))
		live := &v1alpha1.IstioMesh{}
		if err := w.client.Get(t.Context(), client.ObjectKeyFromObject(mesh), live); err != nil {
			t.Fatal(err)
		}
		return live, err
	}
	live, err := configure(`{"accessLogFile": "/dev/null", "enableTracing": true}`)
	if err != nil || live.Status.Status != v1alpha1.ConfigStateAvailable || !strings.Contains(readyMessage(live.Status.Conditions), "cp") {
		t.Errorf("the mesh: %v, %+v", err, live.Status)
	}
	inheriting := w.available("cp")
	var effective map[string]any
	decodeYAML(t, string(inheriting.Status.MeshConfig.Raw), &effective)
	if effective["accessLogFile"] != "/dev/stdout" || effective["enableTracing"] != true {
		t.Errorf("the config in effect: %v", effective)
	}
	if alone.Status.Checksums.MeshConfig == inheriting.Status.Checksums.MeshConfig {
		t.Error("the checksum of the mesh config did not change with it")
	}

	live, err = configure(`{"enableTracign": true}`)
	if want := "spec.config.enableTracign: Istio's MeshConfig has no such field"; err == nil || live.Status.ErrorMessage != want {
		t.Errorf("the mesh with a mistake: %v, %q", err, live.Status.ErrorMessage)
	}
	_, err = w.round("cp")
	want := fmt.Sprintf("IstioMesh %s/mesh1: spec.config.enableTracign: Istio's MeshConfig has no such field", w.namespace)
	if got := w.read("cp"); err == nil || got.Status.ErrorMessage != want || got.Status.Status != v1alpha1.ConfigStateReconcileFailed {
		t.Errorf("the control plane: %v, %+v", err, got.Status)
	}
	if err := w.client.Delete(t.Context(), mesh); err != nil {
		t.Fatal(err)
	}
	if got := w.available("cp"); got.Status.ErrorMessage != "" || got.Status.Checksums.MeshConfig != alone.Status.Checksums.MeshConfig {
		t.Errorf("without the mesh: %q, checksum %s", got.Status.ErrorMessage, got.Status.Checksums.MeshConfig)
	}
}

func readyMessage(conditions []metav1.Condition) string {
	if ready := meta.FindStatusCondition(conditions, kube.ReadyCondition); ready != nil {
		return ready.Message
	}
	return ""
}

// Fields without effect are named while they are set, also by a control plane that has failed.
func TestFieldsWithoutEffectAreNamed(t *testing.T) {
	w := newWorld(t)
	w.controlPlane("cp", "{version: '1.15.3', proxyWasm: {enabled: true}, jwtPolicy: FIRST_PARTY_JWT}")
	if _, err := w.round("cp"); err == nil {
		t.Fatal("Istio 1.15.3 was found")
	}
	named := func() string {
		if condition := meta.FindStatusCondition(w.read("cp").Status.Conditions, "UnsupportedFields"); condition != nil {
			return condition.Message
		}
		return ""
	}
	if want := "these fields have no effect: spec.jwtPolicy, spec.proxyWasm"; named() != want {
		t.Errorf("got %q; want %q", named(), want)
	}
	if message := w.read("cp").Status.ErrorMessage; !strings.Contains(message, `Istio version "1.15.3" is not in the catalogue`) || strings.Contains(message, "\n") {
		t.Errorf("error message %q", message)
	}
	w.change("cp", "{}")
	w.available("cp")
	if named() != "" {
		t.Errorf("still named: %s", named())
	}
}

// A passive control plane is left alone, with the reason.
func TestPassiveControlPlaneIsUnmanaged(t *testing.T) {
	w := newWorld(t)
	w.controlPlane("cp", "{mode: PASSIVE, networkName: workload-cluster-2}")
	if outcome, err := w.round("cp"); err != nil || !outcome.Done {
		t.Fatalf("%+v, %v", outcome, err)
	}
	icp := w.read("cp")
	if icp.Status.Status != v1alpha1.ConfigStateUnmanaged || !strings.Contains(readyMessage(icp.Status.Conditions), "no peer is attached") {
		t.Errorf("%+v", icp.Status)
	}
}
