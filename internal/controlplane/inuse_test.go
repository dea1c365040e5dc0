package controlplane_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// held reconciles a deleted control plane once and returns who holds it.
func (w *world) held(name string) string {
	w.t.Helper()
	if outcome, err := w.round(name); err != nil || outcome.Done {
		w.t.Fatalf("the control plane is not held: %+v, %v", outcome, err)
	}
	if !w.exists(&appsv1.Deployment{}, w.namespace, "istiod-"+name) {
		w.t.Fatal("its istiod is gone although it is in use")
	}
	condition := meta.FindStatusCondition(w.read(name).Status.Conditions, v1alpha1.ConditionInUse)
	if condition == nil || condition.Status != metav1.ConditionTrue {
		w.t.Fatalf("conditions %+v", w.read(name).Status.Conditions)
	}
	return condition.Message
}

func (w *world) gone(name string) {
	w.t.Helper()
	w.settle(name, func(icp *v1alpha1.IstioControlPlane) string {
		if icp != nil {
			return "it is still there"
		}
		return ""
	})
}

// user is a namespace that may use a control plane.
func (w *world) user(cluster *kubetest.Cluster) *corev1.Namespace {
	w.t.Helper()
	namespace := &corev1.Namespace{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Name: cluster.Namespace(w.t)}, namespace); err != nil {
		w.t.Fatal(err)
	}
	return namespace
}

func (w *world) label(namespace *corev1.Namespace, label string) {
	w.t.Helper()
	before := namespace.DeepCopy()
	namespace.Labels[istio.RevisionLabel] = label
	if err := w.client.Patch(w.t.Context(), namespace, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// A deleted control plane stays as it is while anybody uses it, says who does, and goes when nobody does any more.
func TestDeletedControlPlaneInUseIsHeld(t *testing.T) {
	w := newWorld(t)
	cluster := kubetest.Start(t, kubetest.WithControllers())
	w.controlPlane("cp-v130x", "{version: '1.30'}")
	w.available("cp-v130x")
	user := w.user(cluster)
	pod := &corev1.Pod{ // made before the namespace has its label: nobody answers the injection webhook here
		ObjectMeta: metav1.ObjectMeta{Namespace: user.Name, Name: "job", Annotations: map[string]string{"sidecar.istio.io/status": `{"revision":"cp-v130x"}`}},
		Spec:       corev1.PodSpec{NodeName: "elsewhere", Containers: []corev1.Container{{Name: "job", Image: "job"}}},
	}
	w.create(pod)
	w.label(user, "cp-v130x."+w.namespace)

	w.delete("cp-v130x")
	if message := w.held("cp-v130x"); !strings.Contains(message, user.Name) || !strings.Contains(message, user.Name+"/job") {
		t.Errorf("message %q; want the namespace and the pod", message)
	}
	w.label(user, "cp-v131x."+w.namespace)
	if message := w.held("cp-v130x"); !strings.Contains(message, "1 pod") || strings.Contains(message, "1 namespace") {
		t.Errorf("message %q; want the pod alone", message)
	}
	pod.Status.Phase = corev1.PodSucceeded
	if err := w.client.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	w.gone("cp-v130x")
}

// The annotation lets a control plane go whoever uses it.
func TestForcedDeletion(t *testing.T) {
	w := newWorld(t)
	cluster := kubetest.Start(t, kubetest.WithControllers())
	w.controlPlane("cp-v130x", "{version: '1.30'}")
	w.available("cp-v130x")
	w.label(w.user(cluster), "cp-v130x."+w.namespace)
	w.delete("cp-v130x")
	w.held("cp-v130x")

	icp := w.read("cp-v130x")
	before := icp.DeepCopy()
	icp.Annotations = map[string]string{v1alpha1.AnnotationForceDeletion: "true"}
	if err := w.client.Patch(t.Context(), icp, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	w.gone("cp-v130x")
}

// Who uses a control plane must be known before it goes: while the pods cannot be read, nothing is removed.
func TestUnknownUsersHoldTheControlPlane(t *testing.T) {
	w := newWorld(t)
	w.controlPlane("cp-v130x", "{version: '1.30'}")
	w.available("cp-v130x")
	w.delete("cp-v130x")

	sick := interceptor.NewClient(w.client, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			if _, pods := list.(*corev1.PodList); pods {
				return errors.New("the API server is sick")
			}
			return c.List(ctx, list, options...)
		},
	})
	reconciler := controlplane.NewReconciler(sick, kube.NewApplier(sick), istio.Builtin(), "v1.36.3")
	if _, err := reconciler.Reconcile(t.Context(), client.ObjectKey{Namespace: w.namespace, Name: "cp-v130x"}); err == nil {
		t.Error("no error tells that the users are not known")
	}
	if icp := w.read("cp-v130x"); icp == nil || !strings.Contains(icp.Status.ErrorMessage, "sick") {
		t.Errorf("the control plane: %+v; want it there, with the error", icp)
	}
	if !w.exists(&appsv1.Deployment{}, w.namespace, "istiod-cp-v130x") {
		t.Error("its istiod is gone")
	}
	w.gone("cp-v130x")
}
