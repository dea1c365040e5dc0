package facts

import (
	networking "istio.io/api/networking/v1alpha3"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
)

// RevisionOf names the control plane that reads an object or serves it, in the form of the namespace label; "" when
// none is known.
func RevisionOf(v validation.View, o *validation.Object) string {
	if label := selected(v, o); label != "" {
		return canonical(v, label)
	}
	planes := ControlPlanes(v)
	switch len(planes) {
	case 0:
		return ""
	case 1:
		return planes[0].Label()
	}
	for _, plane := range planes {
		if plane.Revision == "default" {
			return plane.Label()
		}
	}
	return ""
}

// selected is the revision that an object, its workload or its namespace asks for.
func selected(v validation.View, o *validation.Object) string {
	if label := o.Labels[istio.RevisionLabel]; label != "" {
		return label
	}
	switch o.Kind {
	case validation.IstioControlPlane:
		return istio.Revision{Name: o.Name, Namespace: o.Namespace}.Label()
	case validation.IstioMeshGateway:
		spec := validation.SpecOf[*servicemeshv1alpha1.IstioMeshGatewaySpec](o)
		return istio.Revision{Name: spec.IstioControlPlane.Name, Namespace: spec.IstioControlPlane.Namespace}.Label()
	case validation.Gateway:
		for _, workload := range Selected(v, validation.SpecOf[*networking.Gateway](o).GetSelector()) {
			if label := workload.Labels[istio.RevisionLabel]; label != "" {
				return label
			}
		}
	}
	if namespace := v.Get(validation.Namespace, "", o.Namespace); namespace != nil {
		return namespace.Labels[istio.RevisionLabel]
	}
	return ""
}

// canonical gives a revision label the documented form where it selects a known control plane.
func canonical(v validation.View, label string) string {
	for _, plane := range ControlPlanes(v) {
		if label == plane.Revision || label == plane.Label() {
			return plane.Label()
		}
	}
	return label
}
