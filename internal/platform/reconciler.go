package platform

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted ControlPlane until its components are gone.
const finalizer = "smm.cisco.com/controlplane"

// NewReconciler returns the reconciler of ControlPlanes.
func NewReconciler(c client.Client, applier *kube.Applier, catalogue istio.Catalogue) *kube.Reconciler[*smmv1alpha1.ControlPlane] {
	components := append([]component{meshManager{client: c, applier: applier, catalogue: catalogue}}, unavailableComponents()...)
	return &kube.Reconciler[*smmv1alpha1.ControlPlane]{
		Client:    c,
		New:       func() *smmv1alpha1.ControlPlane { return &smmv1alpha1.ControlPlane{} },
		Finalizer: finalizer,
		Logic:     &logic{client: c, applier: applier, catalogue: catalogue, components: components},
	}
}

type logic struct {
	client     client.Client
	applier    *kube.Applier
	catalogue  istio.Catalogue
	components []component
}

// Reconcile brings the namespaces and then each component, in order, to what the ControlPlane
// asks for. A component that is not there yet holds back those after it.
func (l *logic) Reconcile(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (kube.Outcome, error) {
	if cp.Status.ObservedGeneration != cp.Generation {
		setState(cp, smmv1alpha1.StatusReconciling, "reconciling the components")
	}
	namespaces, err := l.ours(ctx, ownerOf(cp), Namespaces(cp, l.catalogue))
	if err != nil {
		return kube.Outcome{}, err
	}
	// Namespaces that are no longer asked for may hold what users put there: nothing is pruned.
	record := func(ctx context.Context, refs []kube.Ref) error {
		cp.Status.Inventory = kube.Entries(refs)
		return save(ctx)
	}
	known := kube.Refs(cp.Status.Inventory)
	if wanted := kube.RefsOf(namespaces); len(kube.Difference(wanted, known)) > 0 {
		if err := record(ctx, kube.Union(known, wanted)); err != nil {
			return kube.Outcome{}, err
		}
	}
	if _, err := l.applier.Apply(ctx, ownerOf(cp), namespaces); err != nil {
		return kube.Outcome{}, err
	}
	waiting, err := l.reconcileComponents(ctx, cp)
	cp.Status.ObservedGeneration = cp.Generation
	cp.Status.ClusterID = cp.Spec.ClusterName
	if err != nil {
		return kube.Outcome{}, err
	}
	cp.Status.ErrorMessage = ""
	if waiting != "" {
		setState(cp, smmv1alpha1.StatusReconciling, waiting)
		return kube.Wait(waiting), nil
	}
	setState(cp, smmv1alpha1.StatusSucceeded, "every component is in the state that is asked for")
	return kube.Done(), nil
}

// reconcileComponents returns what the first component that is not finished waits for.
func (l *logic) reconcileComponents(ctx context.Context, cp *smmv1alpha1.ControlPlane) (waiting string, err error) {
	before := cp.Status.Components
	cp.Status.Components = map[string]smmv1alpha1.ComponentStatus{}
	for _, c := range l.components {
		act := c.install
		if !c.enabled(cp) {
			if _, wasThere := before[c.name()]; !wasThere {
				continue
			}
			act = c.remove
		}
		status, err := act(ctx, cp)
		if err != nil {
			cp.Status.Components[c.name()] = smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentFailed, Message: err.Error()}
			return "", fmt.Errorf("component %s: %w", c.name(), err)
		}
		cp.Status.Components[c.name()] = status
		switch status.Status {
		case smmv1alpha1.ComponentReconciling:
			return fmt.Sprintf("%s: %s", c.name(), status.Message), nil
		case smmv1alpha1.ComponentFailed:
			return "", fmt.Errorf("component %s: %s", c.name(), status.Message)
		}
	}
	return "", nil
}

// Fail notes the error for users.
func (l *logic) Fail(cp *smmv1alpha1.ControlPlane, err error) {
	cp.Status.ErrorMessage = err.Error()
	setState(cp, smmv1alpha1.StatusFailed, err.Error())
}

// Finalize removes the components in the reverse order, then the namespaces that are empty.
func (l *logic) Finalize(ctx context.Context, cp *smmv1alpha1.ControlPlane, _ kube.Save) (kube.Outcome, error) {
	for _, c := range slices.Backward(l.components) {
		status, err := c.remove(ctx, cp)
		if err != nil {
			return kube.Outcome{}, fmt.Errorf("remove component %s: %w", c.name(), err)
		}
		if status.Status != smmv1alpha1.ComponentRemoved {
			return kube.Wait(status.Message), nil
		}
	}
	remaining, err := l.removeNamespaces(ctx, ownerOf(cp), kube.Refs(cp.Status.Inventory))
	if err != nil {
		return kube.Outcome{}, err
	}
	if len(remaining) > 0 {
		return kube.Wait(fmt.Sprintf("waiting for %s to be removed", remaining[0])), nil
	}
	return kube.Done(), nil
}

func setState(cp *smmv1alpha1.ControlPlane, state smmv1alpha1.ReconcileStatus, message string) {
	cp.Status.Status = state
	ready := metav1.ConditionFalse
	if state == smmv1alpha1.StatusSucceeded {
		ready = metav1.ConditionTrue
	}
	kube.SetReady(&cp.Status.Conditions, cp.Generation, ready, string(state), message)
}

func ownerOf(cp *smmv1alpha1.ControlPlane) kube.Owner {
	return kube.Owner{Kind: smmv1alpha1.KindControlPlane, Name: cp.Name}
}
