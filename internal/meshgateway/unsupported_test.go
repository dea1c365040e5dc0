package meshgateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/meshgateway"
)

// What has no effect is named; what has one, as in the documents' examples, is not.
func TestUnsupported(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.IstioMeshGatewaySpec)
		want   []string
	}{
		"nothing set": {change: func(*v1alpha1.IstioMeshGatewaySpec) {}},
		"a fixed number given three times, as in the documents": {change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
			spec.Deployment = &v1alpha1.WorkloadConfig{Replicas: &v1alpha1.Replicas{Count: new(int32(1)), Min: new(int32(1)), Max: new(int32(1))}}
		}},
		"an autoscaler, and a count without": {change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
			spec.Deployment = &v1alpha1.WorkloadConfig{Replicas: &v1alpha1.Replicas{
				Count: new(int32(1)), Min: new(int32(1)), Max: new(int32(3)), TargetCPUUtilizationPercentage: new(int32(50)),
			}}
		}},
		"half an autoscaler": {
			change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
				spec.Deployment = &v1alpha1.WorkloadConfig{Replicas: &v1alpha1.Replicas{
					Min: new(int32(2)), TargetCPUUtilizationPercentage: new(int32(50)),
				}}
			},
			want: []string{"spec.deployment.replicas.min", "spec.deployment.replicas.targetCPUUtilizationPercentage"},
		},
		"fields of the Service": {
			change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
				spec.Service.Type = corev1.ServiceTypeClusterIP
				spec.Service.ExternalName = "example.org"
				spec.Service.LoadBalancerIP = "192.0.2.1"
				spec.Service.Ports = []v1alpha1.ServicePort{
					{Port: 80, TargetPort: new(intstr.FromInt32(8080))},
					{Port: 81, TargetPort: new(intstr.FromString("web"))},
					{Port: 15090, TargetPort: new(intstr.FromString("http-envoy-prom"))},
				}
			},
			want: []string{"spec.service.externalName", "spec.service.loadBalancerIP", "spec.service.ports[1].targetPort"},
		},
		"labels that are fixed": {
			change: func(spec *v1alpha1.IstioMeshGatewaySpec) {
				spec.Deployment = &v1alpha1.WorkloadConfig{
					Metadata:    &v1alpha1.ObjectMetadata{Labels: map[string]string{"gateway-name": "ingress", "app": "mine"}},
					PodMetadata: &v1alpha1.ObjectMetadata{Labels: map[string]string{"istio.io/rev": "other", "sidecar.istio.io/inject": "true"}},
				}
				spec.Service.Metadata = &v1alpha1.ObjectMetadata{Labels: map[string]string{"gateway-type": "egress"}}
			},
			want: []string{"spec.deployment.podMetadata.labels[istio.io/rev]", "spec.service.metadata.labels[gateway-type]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			gateway := read(t, "testdata/default-ingress.gateway.yaml")
			test.change(&gateway.Spec)
			if diff := cmp.Diff(test.want, meshgateway.Unsupported(gateway)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
