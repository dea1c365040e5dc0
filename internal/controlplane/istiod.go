package controlplane

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/overlay"
)

// istiodContainer is the name of istiod's container.
const istiodContainer = "discovery"

// istiodOf finds the rendered Deployment of istiod.
func istiodOf(objects []*unstructured.Unstructured, revision istio.Revision) (*unstructured.Unstructured, error) {
	for _, object := range objects {
		if object.GetKind() == "Deployment" && object.GetName() == revision.Istiod() {
			return object, nil
		}
	}
	return nil, fmt.Errorf("the chart has rendered no Deployment %s", revision.Istiod())
}

// setIstiodDeployment lays over the rendered Deployment what its chart cannot express.
func setIstiodDeployment(istiod *unstructured.Unstructured, icp *v1alpha1.IstioControlPlane) error {
	spec := &icp.Spec
	deployment := &v1alpha1.WorkloadConfig{}
	if spec.Istiod != nil && spec.Istiod.Deployment != nil {
		deployment = spec.Istiod.Deployment.DeepCopy()
	}
	deployment.Image = "" // the chart's to complete
	deployment.Env = lastOfEach(istiodEnv(spec, icp.Namespace))
	if err := overlay.Workload(istiod, istiodContainer, deployment); err != nil {
		return err
	}
	if wanted := scaleOf(deployment.Replicas); !wanted.automatic {
		// The chart takes 0 for not set.
		if err := unstructured.SetNestedField(istiod.Object, int64(wanted.count), "spec", "replicas"); err != nil {
			return fmt.Errorf("set the replicas of Deployment %s: %w", istiod.GetName(), err)
		}
	}
	return setVault(istiod, spec.Istiod)
}

// lastOfEach keeps the last variable of each name: a container may have no name twice.
func lastOfEach(env []corev1.EnvVar) []corev1.EnvVar {
	last := map[string]int{}
	for i, variable := range env {
		last[variable.Name] = i
	}
	var kept []corev1.EnvVar
	for i, variable := range env {
		if last[variable.Name] == i {
			kept = append(kept, variable)
		}
	}
	return kept
}
