package meshgateway

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// Unsupported lists the fields that the gateway sets and that have no effect, by their paths. A
// condition shows them, so that nothing is ignored silently.
func Unsupported(gateway *v1alpha1.IstioMeshGateway) []string {
	fields := slices.Concat(
		unsupportedOfService(gateway),
		unsupportedOfReplicas(gateway.Spec.Deployment),
		overriddenLabels(gateway),
	)
	slices.Sort(fields)
	return slices.Compact(fields)
}

func unsupportedOfService(gateway *v1alpha1.IstioMeshGateway) []string {
	var fields []string
	service := gateway.Spec.Service
	if service.ExternalName != "" {
		fields = append(fields, "spec.service.externalName")
	}
	if service.LoadBalancerIP != "" && serviceType(gateway) != corev1.ServiceTypeLoadBalancer {
		fields = append(fields, "spec.service.loadBalancerIP")
	}
	for i, port := range service.Ports {
		if port.TargetPort != nil && port.TargetPort.Type == intstr.String && port.TargetPort.StrVal != metricsPortName {
			fields = append(fields, fmt.Sprintf("spec.service.ports[%d].targetPort", i))
		}
	}
	return fields
}

// metricsPortName is the only port of a gateway's pods that has a name.
const metricsPortName = "http-envoy-prom"

// unsupportedOfReplicas names bounds without an autoscaler and settings of one that is not there.
func unsupportedOfReplicas(deployment *v1alpha1.WorkloadConfig) []string {
	if deployment == nil || deployment.Replicas == nil {
		return nil
	}
	replicas, scale := deployment.Replicas, scaleOf(deployment)
	if scale.automatic {
		return nil
	}
	var fields []string
	if replicas.Min != nil && *replicas.Min != scale.count {
		fields = append(fields, "spec.deployment.replicas.min")
	}
	if replicas.Max != nil && *replicas.Max != scale.count {
		fields = append(fields, "spec.deployment.replicas.max")
	}
	if replicas.TargetCPUUtilizationPercentage != nil {
		fields = append(fields, "spec.deployment.replicas.targetCPUUtilizationPercentage")
	}
	return fields
}

// overriddenLabels names labels that are asked to have another value than the one they have to.
func overriddenLabels(gateway *v1alpha1.IstioMeshGateway) []string {
	var fields []string
	note := func(path string, metadata *v1alpha1.ObjectMetadata, fixed map[string]string) {
		if metadata == nil {
			return
		}
		for label, value := range fixed {
			if asked, set := metadata.Labels[label]; set && asked != value {
				fields = append(fields, fmt.Sprintf("%s.labels[%s]", path, label))
			}
		}
	}
	pod := podLabelsOf(gateway, RevisionOf(gateway))
	if deployment := gateway.Spec.Deployment; deployment != nil {
		note("spec.deployment.metadata", deployment.Metadata, pod)
		note("spec.deployment.podMetadata", deployment.PodMetadata, pod)
	}
	note("spec.service.metadata", gateway.Spec.Service.Metadata, labelsOf(gateway))
	return fields
}
