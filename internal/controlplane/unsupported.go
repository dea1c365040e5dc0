package controlplane

import (
	"slices"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// Unsupported lists the fields that the specification sets and that have no effect, by their
// paths: most of them are about what Istio does not have any more. A condition shows them, so
// that nothing is ignored silently.
func Unsupported(spec *v1alpha1.IstioControlPlaneSpec) []string {
	var fields notes
	// Proxies present bound tokens only, and there are no other builds of the telemetry filters.
	fields.note(spec.JWTPolicy == v1alpha1.JWTPolicyFirstParty, "spec.jwtPolicy")
	fields.note(spec.ProxyWasm != nil && isTrue(spec.ProxyWasm.Enabled), "spec.proxyWasm")
	// Images of another distribution are used where the specification names them.
	fields.note(spec.Distribution != "" && spec.Distribution != v1alpha1.DistributionOfficial, "spec.distribution")
	if injector := spec.SidecarInjector; injector != nil {
		// istiod itself injects.
		fields.note(injector.Deployment != nil, "spec.sidecarInjector.deployment")
		fields.note(injector.Service != nil, "spec.sidecarInjector.service")
	}
	fields.ofIstiod(spec.Istiod)
	if spec.ProxyInit != nil {
		fields.ofCNI(spec.ProxyInit.CNI)
	}
	slices.Sort(fields)
	return fields
}

// notes are the paths of fields.
type notes []string

func (n *notes) note(set bool, path string) {
	if set {
		*n = append(*n, path)
	}
}

func (n *notes) ofIstiod(istiod *v1alpha1.IstiodConfig) {
	if istiod == nil {
		return
	}
	n.note(isTrue(istiod.EnableStatus), "spec.istiod.enableStatus")
	// istiod would not start with it, because Kubernetes no longer signs such certificates.
	n.note(istiod.CertProvider == v1alpha1.CertProviderKubernetes, "spec.istiod.certProvider")
	n.note(isFalse(istiod.EnableProtocolSniffingInbound), "spec.istiod.enableProtocolSniffingInbound")
	n.note(isFalse(istiod.EnableProtocolSniffingOutbound), "spec.istiod.enableProtocolSniffingOutbound")
	if spiffe := istiod.SPIFFE; spiffe != nil && spiffe.OperatorEndpoints != nil {
		n.note(isTrue(spiffe.OperatorEndpoints.Enabled), "spec.istiod.spiffe.operatorEndpoints")
	}
	if istiod.Deployment != nil && istiod.Deployment.Replicas != nil {
		replicas := istiod.Deployment.Replicas
		automatic := scaleOf(replicas).automatic
		n.note(replicas.Count != nil && automatic, "spec.istiod.deployment.replicas.count")
		n.note(replicas.TargetCPUUtilizationPercentage != nil && !automatic, "spec.istiod.deployment.replicas.targetCPUUtilizationPercentage")
	}
}

func (n *notes) ofCNI(cni *v1alpha1.CNIConfig) {
	if cni == nil {
		return
	}
	n.note(cni.PSPClusterRoleName != "", "spec.proxyInit.cni.pspClusterRoleName")
	// Which pods the plugin handles follows from what they are injected with.
	n.note(len(cni.IncludeNamespaces) > 0, "spec.proxyInit.cni.includeNamespaces")
	// istiod itself removes the taint.
	n.note(cni.Taint != nil && cni.Taint.Container != nil, "spec.proxyInit.cni.taint.container")
	if cni.Daemonset != nil {
		// A DaemonSet has a pod for each node.
		n.note(cni.Daemonset.Replicas != nil, "spec.proxyInit.cni.daemonset.replicas")
		n.note(cni.Daemonset.PodDisruptionBudget != nil, "spec.proxyInit.cni.daemonset.podDisruptionBudget")
	}
}

func isTrue(value *bool) bool {
	return value != nil && *value
}

func isFalse(value *bool) bool {
	return value != nil && !*value
}
