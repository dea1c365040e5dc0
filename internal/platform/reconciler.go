package platform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// finalizer keeps a deleted ControlPlane until its components are gone.
const finalizer = "smm.cisco.com/controlplane"

// NewReconciler returns the reconciler of ControlPlanes. The address is where other clusters reach this cluster's API
// server, "" for where it says itself.
func NewReconciler(c client.Client, applier *kube.Applier, catalogue istio.Catalogue, apiServerAddress string) *kube.Reconciler[*smmv1alpha1.ControlPlane] {
	return &kube.Reconciler[*smmv1alpha1.ControlPlane]{
		Client:    c,
		New:       func() *smmv1alpha1.ControlPlane { return &smmv1alpha1.ControlPlane{} },
		Finalizer: finalizer,
		Logic:     &logic{client: c, applier: applier, catalogue: catalogue, components: components(c, applier, catalogue, apiServerAddress)},
	}
}

type logic struct {
	client     client.Client
	applier    *kube.Applier
	catalogue  istio.Catalogue
	components []component
}

// Reconcile brings the namespaces and then each component, in order, to what the ControlPlane
// asks for.
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
	describeUnsupported(cp)
	waiting, err := l.reconcileComponents(ctx, cp, save)
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
	return settled(&cp.Spec), nil
}

// credentialsRecheck is how often the registry's credentials are looked at: secrets are not
// watched, because watching them would need the right to read them all.
const credentialsRecheck = time.Minute

// settled is the outcome of a ControlPlane that has all it asks for.
func settled(spec *smmv1alpha1.ControlPlaneSpec) kube.Outcome {
	outcome := kube.Done()
	if wantsRegistryAccess(spec) {
		outcome.RequeueAfter = credentialsRecheck
	}
	return outcome
}

// reconcileComponents takes the next action for each component, in order, and returns what the
// first one that is not finished waits for. One that fails does not keep the others from theirs.
func (l *logic) reconcileComponents(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (string, error) {
	waiting := ""
	var failures []error
	for _, c := range l.components {
		now, err := reconcileComponent(ctx, cp, c, save)
		switch {
		case err != nil:
			failures = append(failures, fmt.Errorf("component %s: %w", c.name(), err))
		case now.status == smmv1alpha1.ComponentFailed:
			failures = append(failures, fmt.Errorf("component %s: %s", c.name(), now.message))
		case now.status == smmv1alpha1.ComponentReconciling && waiting == "":
			waiting = fmt.Sprintf("%s: %s", c.name(), now.message)
		}
	}
	return waiting, errors.Join(failures...)
}

func reconcileComponent(ctx context.Context, cp *smmv1alpha1.ControlPlane, c component, save kube.Save) (state, error) {
	act := c.install
	if !c.enabled(cp) {
		if _, wasThere := cp.Status.Components[c.name()]; !wasThere {
			return state{}, nil
		}
		act = c.remove
	}
	now, err := act(ctx, cp, save)
	if err != nil {
		note(cp, c.name(), state{smmv1alpha1.ComponentFailed, err.Error()})
		return state{}, err
	}
	note(cp, c.name(), now)
	return now, nil
}

// Fail notes the error for users.
func (l *logic) Fail(cp *smmv1alpha1.ControlPlane, err error) {
	cp.Status.ErrorMessage = strings.ReplaceAll(err.Error(), "\n", "; ") // one line in tables
	setState(cp, smmv1alpha1.StatusFailed, cp.Status.ErrorMessage)
}

// Finalize removes the components in the reverse order, then the namespaces that are empty.
func (l *logic) Finalize(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (kube.Outcome, error) {
	for _, c := range slices.Backward(l.components) {
		now, err := c.remove(ctx, cp, save)
		if err != nil {
			return kube.Outcome{}, fmt.Errorf("remove component %s: %w", c.name(), err)
		}
		if now.status != smmv1alpha1.ComponentRemoved {
			return removing(cp, now.message), nil
		}
	}
	remaining, err := l.removeNamespaces(ctx, ownerOf(cp), kube.Refs(cp.Status.Inventory))
	if err != nil {
		return kube.Outcome{}, err
	}
	if len(remaining) > 0 {
		return removing(cp, fmt.Sprintf("waiting for %s to be removed", remaining[0])), nil
	}
	return kube.Done(), nil
}

// removing notes what the removal waits for.
func removing(cp *smmv1alpha1.ControlPlane, waiting string) kube.Outcome {
	setState(cp, smmv1alpha1.StatusReconciling, waiting)
	return kube.Wait(waiting)
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
