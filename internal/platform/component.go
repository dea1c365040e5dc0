package platform

import (
	"context"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// component is one part of the product. Components are reconciled in order and removed in the
// reverse order. A component that needs another one waits for it by itself, so that one that is
// not ready holds back only what needs it.
type component interface {
	// name is the component's key in status.components.
	name() string
	// enabled tells whether the ControlPlane asks for the component.
	enabled(cp *smmv1alpha1.ControlPlane) bool
	// install takes the next action towards the installed component.
	install(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error)
	// remove takes the next action towards its absence; the state is Removed when nothing is left.
	remove(ctx context.Context, cp *smmv1alpha1.ControlPlane, save kube.Save) (state, error)
}

// state is what has become of a component, and why.
type state struct {
	status  smmv1alpha1.ComponentState
	message string
}

func available(message string) state   { return state{smmv1alpha1.ComponentAvailable, message} }
func reconciling(waiting string) state { return state{smmv1alpha1.ComponentReconciling, waiting} }
func removed(message string) state     { return state{smmv1alpha1.ComponentRemoved, message} }
func unmanaged(reason string) state    { return state{smmv1alpha1.ComponentUnmanaged, reason} }

// note puts the state of a component into the status, beside the inventory that it keeps there.
func note(cp *smmv1alpha1.ControlPlane, name string, now state) {
	status := cp.Status.Components[name]
	status.Status, status.Message = now.status, now.message
	setComponent(cp, name, status)
}

func setComponent(cp *smmv1alpha1.ControlPlane, name string, status smmv1alpha1.ComponentStatus) {
	if cp.Status.Components == nil {
		cp.Status.Components = map[string]smmv1alpha1.ComponentStatus{}
	}
	cp.Status.Components[name] = status
}

// unavailable is a documented component whose capability this version of the product does not
// have: it is reported, not faked.
type unavailable struct {
	key    string
	lacks  string // what this version does not do
	wanted func(*smmv1alpha1.ControlPlaneSpec) bool
}

func (u unavailable) name() string { return u.key }

func (u unavailable) enabled(cp *smmv1alpha1.ControlPlane) bool { return u.wanted(&cp.Spec) }

func (u unavailable) install(context.Context, *smmv1alpha1.ControlPlane, kube.Save) (state, error) {
	return unmanaged("this version of the product does not " + u.lacks), nil
}

func (u unavailable) remove(context.Context, *smmv1alpha1.ControlPlane, kube.Save) (state, error) {
	return removed(""), nil
}

func isTrue(value *bool) bool { return value != nil && *value }

func isFalse(value *bool) bool { return value != nil && !*value }
