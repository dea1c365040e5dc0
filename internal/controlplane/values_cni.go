package controlplane

import (
	"errors"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
)

const (
	platformOpenShift = "openshift"

	// providerMultus has pods ask for the plugin by an annotation, because it stands alone.
	providerMultus = "multus"
)

// wantsCNI tells whether the control plane needs the CNI plugin on the nodes.
func wantsCNI(icp *v1alpha1.IstioControlPlane) bool {
	return cniOf(icp.Spec.ProxyInit) != nil
}

// cniOf returns the plugin's settings, nil when it is not enabled.
func cniOf(proxyInit *v1alpha1.ProxyInitConfig) *v1alpha1.CNIConfig {
	if proxyInit == nil || proxyInit.CNI == nil || !isTrue(proxyInit.CNI.Enabled) {
		return nil
	}
	return proxyInit.CNI
}

// setCNI tells istiod's chart that the plugin takes the place of the init container.
func setCNI(values tree, proxyInit *v1alpha1.ProxyInitConfig) error {
	cni := cniOf(proxyInit)
	if cni == nil {
		return nil
	}
	err := errors.Join(values.set("cni.enabled", true), values.set("cni.provider", providerOf(cni)))
	if cni.Taint != nil {
		// The taint itself comes with the nodes: istiod takes it away where the plugin is ready.
		err = errors.Join(err, values.set("taint.enabled", cni.Taint.Enabled))
	}
	return err
}

func providerOf(cni *v1alpha1.CNIConfig) string {
	if isFalse(cni.Chained) {
		return providerMultus
	}
	return ""
}

// cniValues translates the specification of an enabled plugin into the values of Istio's istio-cni
// chart.
func cniValues(spec *v1alpha1.IstioControlPlaneSpec, release istio.Release, openShift bool) (map[string]any, error) {
	values := tree{}
	cni := spec.ProxyInit.CNI
	err := errors.Join(
		setRegistry(values, spec.ContainerImageConfiguration, release),
		values.set("chained", cni.Chained),
		values.set("provider", providerOf(cni)),
		values.set("cniBinDir", cni.BinDir),
		values.set("cniConfDir", cni.ConfDir),
		values.set("cniConfFileName", cni.ConfFileName),
		values.set("excludeNamespaces", cni.ExcludeNamespaces),
		values.set("logging.level", cni.LogLevel),
		setRepair(values, cni.Repair),
	)
	if openShift {
		err = errors.Join(err, values.set("global.platform", platformOpenShift))
	}
	if quotas := cni.ResourceQuotas; quotas != nil {
		err = errors.Join(err, values.set("resourceQuotas.enabled", quotas.Enabled), values.set("resourceQuotas.pods", quotas.Pods))
	}
	if cni.Daemonset != nil {
		err = errors.Join(err, values.set("image", cni.Daemonset.Image))
	}
	return values, err
}

// setRepair chooses what is done about pods that started before the plugin was ready. The chart
// repairs them in place unless told to label or to delete them.
func setRepair(values tree, repair *v1alpha1.CNIRepairConfig) error {
	if repair == nil {
		return nil
	}
	var err error
	if isTrue(repair.LabelPods) || isTrue(repair.DeletePods) {
		err = values.set("repair.repairPods", false)
	}
	return errors.Join(err,
		values.set("repair.enabled", repair.Enabled),
		values.set("repair.labelPods", repair.LabelPods),
		values.set("repair.deletePods", repair.DeletePods),
		values.set("repair.initContainerName", repair.InitContainerName),
		values.set("repair.brokenPodLabelKey", repair.BrokenPodLabelKey),
		values.set("repair.brokenPodLabelValue", repair.BrokenPodLabelValue),
	)
}
