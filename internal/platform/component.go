package platform

import (
	"context"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// component is one part of the product. Components are reconciled in order and removed in the
// reverse order.
type component interface {
	// name is the component's key in status.components.
	name() string
	// enabled tells whether the ControlPlane asks for the component.
	enabled(cp *smmv1alpha1.ControlPlane) bool
	// install takes the next action towards the installed component.
	install(ctx context.Context, cp *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error)
	// remove takes the next action towards its absence; the state is Removed when nothing is left.
	remove(ctx context.Context, cp *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error)
}

// unavailable is a documented component whose capability this version of the product does not
// have: it is reported, not faked.
type unavailable struct {
	key    string
	wanted func(*smmv1alpha1.ControlPlaneSpec) bool
}

func (u unavailable) name() string { return u.key }

func (u unavailable) enabled(cp *smmv1alpha1.ControlPlane) bool { return u.wanted(&cp.Spec) }

func (u unavailable) install(context.Context, *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error) {
	return smmv1alpha1.ComponentStatus{
		Status:  smmv1alpha1.ComponentUnmanaged,
		Message: "this version of the product does not install this component",
	}, nil
}

func (u unavailable) remove(context.Context, *smmv1alpha1.ControlPlane) (smmv1alpha1.ComponentStatus, error) {
	return smmv1alpha1.ComponentStatus{Status: smmv1alpha1.ComponentRemoved}, nil
}

// unavailableComponents are reported only where a ControlPlane switches them on.
func unavailableComponents() []component {
	on := func(enabled *bool) bool { return enabled != nil && *enabled }
	return []component{
		unavailable{smmv1alpha1.ComponentCertManager, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.CertManager != nil && on(s.CertManager.Enabled)
		}},
		unavailable{smmv1alpha1.ComponentClusterRegistry, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.ClusterRegistry != nil && on(s.ClusterRegistry.Enabled)
		}},
		unavailable{smmv1alpha1.ComponentNodeExporter, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.NodeExporter != nil && on(s.NodeExporter.Enabled)
		}},
		unavailable{smmv1alpha1.ComponentRegistryAccess, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.RegistryAccess != nil && on(s.RegistryAccess.Enabled)
		}},
		unavailable{smmv1alpha1.ComponentSMM, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.SMM != nil && on(s.SMM.Enabled)
		}},
	}
}
