package meshgateway

import (
	"cmp"
	"fmt"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

// obstacle is why nothing is done about a gateway now. It goes away by what somebody else does.
type obstacle struct {
	state   v1alpha1.ConfigState
	reason  string // of the Ready condition
	message string
}

// obstacleTo looks for what prevents the gateway from getting proxies of its control plane, the
// most fundamental first; nil when nothing does.
func obstacleTo(gateway *v1alpha1.IstioMeshGateway, seen surroundings) *obstacle {
	for _, check := range []func(*v1alpha1.IstioMeshGateway, surroundings) *obstacle{
		namespaceGoes, controlPlaneMissing, otherInjection,
	} {
		if found := check(gateway, seen); found != nil {
			return found
		}
	}
	return nil
}

func namespaceGoes(gateway *v1alpha1.IstioMeshGateway, seen surroundings) *obstacle {
	if seen.namespace != nil && seen.namespace.DeletionTimestamp == nil {
		return nil
	}
	return &obstacle{v1alpha1.ConfigStateReconciling, "NamespaceTerminating", fmt.Sprintf("namespace %s is being deleted", gateway.Namespace)}
}

func controlPlaneMissing(gateway *v1alpha1.IstioMeshGateway, seen surroundings) *obstacle {
	if seen.controlPlane != nil {
		return nil
	}
	message := "spec.istioControlPlane names no control plane"
	if revision := RevisionOf(gateway); revision.Name != "" {
		message = fmt.Sprintf("IstioControlPlane %s/%s does not exist", revision.Namespace, revision.Name)
	}
	return &obstacle{v1alpha1.ConfigStateReconcileFailed, "ControlPlaneMissing", message}
}

// otherInjection tells that the namespace's labels, which come before those of pods, give the
// gateway's pods to another control plane or to none.
func otherInjection(gateway *v1alpha1.IstioMeshGateway, seen surroundings) *obstacle {
	namespace, revision := seen.namespace, RevisionOf(gateway)
	blocked := func(label, value string) *obstacle {
		return &obstacle{v1alpha1.ConfigStateReconcileFailed, "InjectionPrevented", fmt.Sprintf(
			"the label %s=%s of namespace %s keeps control plane %s from injecting the gateway's pods", label, value, namespace.Name, revision.Label())}
	}
	if value, set := namespace.Labels[istio.InjectionLabel]; set {
		return blocked(istio.InjectionLabel, value)
	}
	if value, set := namespace.Labels[istio.RevisionLabel]; set && !revision.Selects(value) {
		return blocked(istio.RevisionLabel, value)
	}
	return nil
}

// controlPlaneUnsettled tells that a new gateway has to wait for its control plane.
func controlPlaneUnsettled(icp *v1alpha1.IstioControlPlane) *obstacle {
	state := cmp.Or(icp.Status.Status, v1alpha1.ConfigStateReconciling)
	message := fmt.Sprintf("IstioControlPlane %s/%s is not available yet (%s)", icp.Namespace, icp.Name, state)
	if icp.Status.ErrorMessage != "" {
		message += ": " + icp.Status.ErrorMessage
	}
	return &obstacle{v1alpha1.ConfigStateReconciling, "ControlPlaneNotAvailable", message}
}
