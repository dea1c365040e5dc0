package demoapp

import (
	"cmp"
	"time"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/internal/istio"
)

// plan is what a DemoApplication comes to in its surroundings.
type plan struct {
	options Options
	plane   istio.Revision // whose proxies the pods get
}

// planFor decides what a DemoApplication comes to, or what prevents it. It is pure.
func planFor(demo *smmv1alpha1.DemoApplication, around surroundings) (plan, *obstacle) {
	plane, found := choose(demo, around)
	if found != nil {
		return plan{}, found
	}
	options := optionsOf(demo)
	if demo.Spec.Proxyless == nil {
		options.Proxyless = around.proxyless
	}
	if (options.IstioResources || options.Proxyless) && !around.istiosResources {
		return plan{}, &obstacle{smmv1alpha1.StatusReconciling, "IstioMissing", "the cluster does not know Istio's resources yet"}
	}
	if around.namespace.Labels[istio.RevisionLabel] == "" {
		options.Revision = plane.Label()
	}
	return plan{options, plane}, nil
}

// optionsOf are the options that the specification alone decides.
func optionsOf(demo *smmv1alpha1.DemoApplication) Options {
	spec, o := &demo.Spec, DefaultOptions()
	o.Namespace = demo.Namespace
	o.Image = cmp.Or(spec.Image, o.Image)
	for _, component := range spec.EnabledComponents {
		o.Components = append(o.Components, Component(component))
	}
	set(&o.Replicas, spec.Replicas)
	set(&o.Resources, spec.Resources)
	set(&o.Proxyless, spec.Proxyless)
	set(&o.IstioResources, spec.DeployIstioResources)
	if spec.Autoscaling != nil {
		set(&o.Autoscaling, spec.Autoscaling.Enabled)
	}
	o.Load = loadOf(spec.Load)
	return o
}

// loadOf completes the wanted load. A bound that is not set makes room for the other.
func loadOf(wanted *smmv1alpha1.DemoLoad) load.Settings {
	s := load.Defaults()
	if wanted == nil {
		return s
	}
	set(&s.Enabled, wanted.Enabled)
	if wanted.MinRPS != nil {
		s.MinRPS = float64(*wanted.MinRPS)
		s.MaxRPS = max(s.MaxRPS, s.MinRPS)
	}
	if wanted.MaxRPS != nil {
		s.MaxRPS = float64(*wanted.MaxRPS)
		if wanted.MinRPS == nil {
			s.MinRPS = min(s.MinRPS, s.MaxRPS)
		}
	}
	if wanted.SwingPeriod != nil {
		s.SwingPeriod = time.Duration(*wanted.SwingPeriod)
	}
	return s
}

// set overrides a default with what is given, if it is.
func set[T any](target, given *T) {
	if given != nil {
		*target = *given
	}
}

// isEnabled tells whether the application is to be there.
func isEnabled(demo *smmv1alpha1.DemoApplication) bool {
	return demo.Spec.Enabled == nil || *demo.Spec.Enabled
}
