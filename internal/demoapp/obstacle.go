package demoapp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// obstacle is why nothing is done about an application now. It goes away by what somebody else does.
type obstacle struct {
	state   smmv1alpha1.ReconcileStatus
	reason  string // of the Ready condition
	message string
}

// namespaceHeld tells that nothing can be made in the application's namespace, or that it is another application's.
func namespaceHeld(demo *smmv1alpha1.DemoApplication, around surroundings) *obstacle {
	if around.namespace == nil || around.namespace.DeletionTimestamp != nil {
		return &obstacle{smmv1alpha1.StatusReconciling, "NamespaceTerminating", fmt.Sprintf("namespace %s is being deleted", demo.Namespace)}
	}
	for i := range around.others {
		if other := &around.others[i]; older(other, demo) && isEnabled(other) {
			return &obstacle{smmv1alpha1.StatusFailed, "NamespaceTaken", fmt.Sprintf(
				"namespace %s has DemoApplication %s already: delete one of them", demo.Namespace, other.Name)}
		}
	}
	return nil
}

// older orders the applications of a namespace: the first one has it.
func older(a, b *smmv1alpha1.DemoApplication) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name)) < 0
}

// choose decides whose proxies the application's pods get. The namespace's label comes first, because Istio sees it so:
// who moves the namespace to another control plane moves the application.
func choose(demo *smmv1alpha1.DemoApplication, around surroundings) (istio.Revision, *obstacle) {
	if found := namespaceHeld(demo, around); found != nil {
		return istio.Revision{}, found
	}
	if value, hidden := around.namespace.Labels[istio.InjectionLabel]; hidden {
		return istio.Revision{}, &obstacle{smmv1alpha1.StatusFailed, "InjectionPrevented", fmt.Sprintf(
			"the label %s=%s of namespace %s keeps every control plane from injecting its pods: run 'smm sidecar-proxy auto-inject on %s'",
			istio.InjectionLabel, value, demo.Namespace, demo.Namespace)}
	}
	plane, found := chooseAmong(around.planes, wantedRevision(demo, around))
	if found != nil {
		return istio.Revision{}, found
	}
	if !injects(plane) && len(demo.Status.Inventory) == 0 {
		return istio.Revision{}, &obstacle{smmv1alpha1.StatusReconciling, "ControlPlaneNotAvailable", fmt.Sprintf(
			"IstioControlPlane %s/%s is not available yet (%s)", plane.Namespace, plane.Name,
			cmp.Or(plane.Status.Status, servicemeshv1alpha1.ConfigStateReconciling))}
	}
	return revisionOf(plane), notFollowed(demo, plane)
}

// notFollowed tells that a passive control plane has not brought what the pods of the namespace need: it does so where the
// active one has injection.
func notFollowed(demo *smmv1alpha1.DemoApplication, plane *servicemeshv1alpha1.IstioControlPlane) *obstacle {
	if plane.Spec.Mode != servicemeshv1alpha1.ModePassive || len(demo.Status.Inventory) > 0 ||
		slices.Contains(plane.Status.InjectionNamespaces, demo.Namespace) {
		return nil
	}
	return &obstacle{smmv1alpha1.StatusReconciling, "InjectionMissing", fmt.Sprintf(
		"the cluster whose istiod IstioControlPlane %s/%s uses has no injection in namespace %s yet: install the application there first",
		plane.Namespace, plane.Name, demo.Namespace)}
}

// wantedRevision is the value of an istio.io/rev label, "" for that of the only control plane.
func wantedRevision(demo *smmv1alpha1.DemoApplication, around surroundings) string {
	if label := around.namespace.Labels[istio.RevisionLabel]; label != "" {
		return label
	}
	if demo.Spec.Istio != nil && demo.Spec.Istio.Revision != "" {
		return demo.Spec.Istio.Revision
	}
	if around.platform == nil || around.platform.Spec.MeshManager == nil || around.platform.Spec.MeshManager.Istio == nil {
		return ""
	}
	ref := around.platform.Spec.MeshManager.Istio.IstioCRRef
	if ref == nil || ref.Name == "" {
		return ""
	}
	return istio.Revision{Name: ref.Name, Namespace: cmp.Or(ref.Namespace, istio.DefaultNamespace)}.Label()
}

func chooseAmong(planes []servicemeshv1alpha1.IstioControlPlane, wanted string) (*servicemeshv1alpha1.IstioControlPlane, *obstacle) {
	var names []string
	var matching []*servicemeshv1alpha1.IstioControlPlane
	for i := range planes {
		revision := revisionOf(&planes[i])
		names = append(names, revision.Label())
		if wanted == "" || revision.Selects(wanted) {
			matching = append(matching, &planes[i])
		}
	}
	slices.Sort(names)
	failed := func(reason, message string) (*servicemeshv1alpha1.IstioControlPlane, *obstacle) {
		return nil, &obstacle{smmv1alpha1.StatusFailed, reason, message}
	}
	switch {
	case len(planes) == 0:
		return failed("ControlPlaneMissing", "there is no IstioControlPlane in this cluster: install the mesh with 'smm install -a'")
	case len(matching) == 0:
		return failed("ControlPlaneMissing", fmt.Sprintf("there is no IstioControlPlane %q in this cluster: it has %s", wanted, strings.Join(names, ", ")))
	case len(matching) > 1:
		return failed("ControlPlaneAmbiguous", "the cluster has more than one control plane: choose one with spec.istio.revision, from "+strings.Join(names, ", "))
	}
	return matching[0], nil
}

// injects tells whether a control plane gives new pods their proxy.
func injects(plane *servicemeshv1alpha1.IstioControlPlane) bool {
	return plane.Status.Status == servicemeshv1alpha1.ConfigStateAvailable ||
		meta.IsStatusConditionTrue(plane.Status.Conditions, servicemeshv1alpha1.ConditionIstiodReady)
}

func revisionOf(plane *servicemeshv1alpha1.IstioControlPlane) istio.Revision {
	return istio.Revision{Name: plane.Name, Namespace: plane.Namespace}
}
