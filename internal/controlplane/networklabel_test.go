package controlplane_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

const networkLabel = "topology.istio.io/network"

func (w *world) home() *corev1.Namespace {
	w.t.Helper()
	namespace := &corev1.Namespace{}
	if err := w.client.Get(context.WithoutCancel(w.t.Context()), client.ObjectKey{Name: w.namespace}, namespace); err != nil {
		w.t.Fatal(err)
	}
	return namespace
}

// A namespace tells the network of its control planes from the first to the last of them, whichever mode they have. A
// label that somebody else has set stays.
func TestNamespaceTellsItsNetwork(t *testing.T) {
	w := newWorld(t)
	want := func(when, network string) {
		t.Helper()
		if got := w.home().Labels[networkLabel]; got != network {
			t.Errorf("%s, the namespace tells network %q, want %q", when, got, network)
		}
	}
	round := func(name string) {
		t.Helper()
		if _, err := w.round(name); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		t.Helper()
		w.delete(name)
		w.settle(name, func(icp *v1alpha1.IstioControlPlane) string {
			if icp != nil {
				return "it is still there"
			}
			return ""
		})
	}
	w.controlPlane("cp", "{mode: PASSIVE}")
	round("cp")
	want("by default", "network1")
	w.change("cp", "{mode: PASSIVE, networkName: west}")
	round("cp")
	want("in another network", "west")
	before := w.home().ResourceVersion
	round("cp")
	if w.home().ResourceVersion != before {
		t.Error("a round without a change writes to the namespace")
	}
	w.controlPlane("later", "{networkName: west}")
	round("later")
	remove("cp")
	want("with a control plane left", "west")
	remove("later")
	want("without a control plane", "")

	namespace := w.home()
	namespace.Labels[networkLabel] = "chosen"
	if err := w.client.Update(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	w.controlPlane("cp", "{mode: PASSIVE}")
	round("cp")
	remove("cp")
	want("with a label of somebody else", "chosen")
}
