package platform

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

const (
	// highAvailabilityPods is how many pods take part in high availability: one may go.
	highAvailabilityPods = 2

	// istiodMaxPods is the documented limit of istiod's autoscaler.
	istiodMaxPods = 5
)

func highlyAvailable(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.SMM != nil && spec.SMM.HighAvailability != nil && isTrue(spec.SMM.HighAvailability.Enabled)
}

// placement is what the ControlPlane says of where all of the product's pods run.
func placement(spec *smmv1alpha1.ControlPlaneSpec) servicemeshv1alpha1.WorkloadConfig {
	return servicemeshv1alpha1.WorkloadConfig{
		Affinity:     spec.Affinity,
		NodeSelector: spec.NodeSelector,
		Tolerations:  spec.Tolerations,
	}
}

// gatewayWorkload is what the ControlPlane says of the pods of the product's gateways.
func gatewayWorkload(spec *smmv1alpha1.ControlPlaneSpec) *servicemeshv1alpha1.WorkloadConfig {
	workload := placement(spec)
	if highlyAvailable(spec) {
		workload.Replicas = &servicemeshv1alpha1.Replicas{Count: new(int32(highAvailabilityPods))}
		workload.PodDisruptionBudget = onePodStays()
	}
	return orNone(workload)
}

// istiodWorkload is what the ControlPlane says of istiod's pods. imageOf completes an image.
func istiodWorkload(spec *smmv1alpha1.ControlPlaneSpec, pilot *smmv1alpha1.Container, imageOf func(*smmv1alpha1.Image) string) *servicemeshv1alpha1.WorkloadConfig {
	workload := placement(spec)
	if pilot != nil {
		workload.Resources = pilot.Resources
		if pilot.Image != nil {
			workload.Image, workload.ImagePullPolicy = imageOf(pilot.Image), pilot.Image.PullPolicy
		}
	}
	if highlyAvailable(spec) {
		workload.Replicas = &servicemeshv1alpha1.Replicas{Min: new(int32(highAvailabilityPods)), Max: new(int32(istiodMaxPods))}
		workload.PodDisruptionBudget = onePodStays()
	}
	return orNone(workload)
}

func onePodStays() *servicemeshv1alpha1.PodDisruptionBudget {
	return &servicemeshv1alpha1.PodDisruptionBudget{MinAvailable: new(intstr.FromInt32(1))}
}

// orNone is nil for a workload of which nothing is said.
func orNone(workload servicemeshv1alpha1.WorkloadConfig) *servicemeshv1alpha1.WorkloadConfig {
	nothing := workload.Affinity == nil && len(workload.NodeSelector) == 0 && len(workload.Tolerations) == 0 &&
		workload.Image == "" && workload.ImagePullPolicy == "" && workload.Resources == nil && workload.Replicas == nil
	if nothing {
		return nil
	}
	return &workload
}

// openShiftCNI is the documented configuration of Istio's CNI plugin where Multus runs the plugins.
func openShiftCNI() *servicemeshv1alpha1.ProxyInitConfig {
	yes, no := true, false
	cni := &servicemeshv1alpha1.CNIConfig{
		Enabled:      &yes,
		Chained:      &no,
		BinDir:       "/var/lib/cni/bin",
		ConfDir:      "/etc/cni/multus/net.d",
		ConfFileName: "istio-cni.conf",
		Daemonset:    &servicemeshv1alpha1.WorkloadConfig{},
	}
	cni.Daemonset.SecurityContext = &corev1.SecurityContext{Privileged: &yes}
	return &servicemeshv1alpha1.ProxyInitConfig{CNI: cni}
}
