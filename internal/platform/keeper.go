package platform

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// keeper keeps the objects of components on the cluster. What belongs to a component is in the
// inventory of its status.
type keeper struct {
	client  client.Client
	applier *kube.Applier
}

// keep makes the component's objects exactly the given ones and tells what they wait for.
func (k keeper) keep(ctx context.Context, cp *smmv1alpha1.ControlPlane, name string, objects []*unstructured.Unstructured, save kube.Save) (state, error) {
	known := kube.Refs(cp.Status.Components[name].Inventory)
	if _, err := k.applier.Sync(ctx, ownerOf(cp), objects, known, recorder(cp, name, save)); err != nil {
		return state{}, err
	}
	waiting, err := waitingFor(ctx, k.client, objects)
	switch {
	case err != nil:
		return state{}, err
	case waiting != "":
		return reconciling(waiting), nil
	}
	return available(""), nil
}

// clear removes the component's objects.
func (k keeper) clear(ctx context.Context, cp *smmv1alpha1.ControlPlane, name string, save kube.Save) (state, error) {
	known := kube.Refs(cp.Status.Components[name].Inventory)
	if len(known) == 0 {
		return removed(""), nil
	}
	if _, err := k.applier.Remove(ctx, ownerOf(cp), known); err != nil {
		return state{}, err
	}
	remaining, err := k.applier.Remaining(ctx, ownerOf(cp), known)
	switch {
	case err != nil:
		return state{}, err
	case len(remaining) > 0:
		return reconciling(fmt.Sprintf("waiting for %s to be removed", remaining[0])), nil
	}
	return removed(""), recorder(cp, name, save)(ctx, nil)
}

// recorder saves a component's inventory.
func recorder(cp *smmv1alpha1.ControlPlane, name string, save kube.Save) func(context.Context, []kube.Ref) error {
	return func(ctx context.Context, refs []kube.Ref) error {
		status := cp.Status.Components[name]
		status.Inventory = nil
		if len(refs) > 0 {
			status.Inventory = kube.Entries(refs)
		}
		setComponent(cp, name, status)
		return save(ctx)
	}
}

// renderedComponent is a component that consists of objects which follow from the ControlPlane
// alone.
type renderedComponent struct {
	key    string
	wanted func(*smmv1alpha1.ControlPlaneSpec) bool
	render func(*smmv1alpha1.ControlPlane) ([]*unstructured.Unstructured, error)
}

// renderedComponents are all of them, in order.
func renderedComponents(catalogue istio.Catalogue) []renderedComponent {
	return []renderedComponent{
		clusterRegistry(catalogue, ""), nodeExporter(), ingressGateway(catalogue), prometheus(), application(catalogue), exposedDashboard(catalogue),
	}
}

// rendered keeps what a renderedComponent renders on the cluster.
type rendered struct {
	keeper
	renderedComponent
}

func (r rendered) name() string { return r.key }

func (r rendered) enabled(cp *smmv1alpha1.ControlPlane) bool { return r.wanted(&cp.Spec) }

func (r rendered) install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	objects, err := r.render(cp)
	if err != nil {
		return state{}, err
	}
	return r.keep(ctx, cp, r.key, objects, save)
}

func (r rendered) remove(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error) {
	return r.clear(ctx, cp, r.key, save)
}
