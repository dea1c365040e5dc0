package controlplane

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/overlay"
)

const (
	// What Istio's chart calls the plugin's container and service account.
	cniContainer = "install-cni"
	cniAccount   = "istio-cni"
)

// cniObjects renders the CNI plugin of a control plane that wants it.
func cniObjects(icp *v1alpha1.IstioControlPlane, release istio.Release, facts Facts) ([]*unstructured.Unstructured, error) {
	values, err := cniValues(&icp.Spec, release, facts.OpenShift)
	if err != nil {
		return nil, err
	}
	objects, err := release.CNI(revisionOf(icp), values, facts.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	cni := icp.Spec.ProxyInit.CNI
	for _, object := range objects {
		switch object.GetKind() {
		case "DaemonSet":
			err = overlay.Workload(object, cniContainer, daemonSetOf(&icp.Spec))
		case "ResourceQuota":
			err = setPriorityClasses(object, cni.ResourceQuotas.PriorityClasses)
		}
		if err != nil {
			return nil, err
		}
	}
	if facts.OpenShift {
		objects = append(objects, constraintBindings(revisionOf(icp), cniAccount, cniConstraints())...)
	}
	return objects, nil
}

// daemonSetOf is what is laid over the plugin's DaemonSet: the image is the chart's to complete.
func daemonSetOf(spec *v1alpha1.IstioControlPlaneSpec) *v1alpha1.WorkloadConfig {
	config := spec.ProxyInit.CNI.Daemonset.DeepCopy()
	if config != nil {
		config.Image = ""
	}
	return config
}

// setPriorityClasses has the quota admit other priority classes than the chart's.
func setPriorityClasses(quota *unstructured.Unstructured, classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	scope := map[string]any{"operator": "In", "scopeName": "PriorityClass"}
	if err := unstructured.SetNestedStringSlice(scope, classes, "values"); err != nil {
		return fmt.Errorf("set the priority classes of ResourceQuota %s: %w", quota.GetName(), err)
	}
	return unstructured.SetNestedSlice(quota.Object, []any{scope}, "spec", "scopeSelector", "matchExpressions")
}
