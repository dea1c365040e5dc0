package meshgateway

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
)

// statusPort is where every gateway pod answers health checks, such as those of load balancers.
const statusPort = 15021

func serviceType(gateway *v1alpha1.IstioMeshGateway) corev1.ServiceType {
	return cmp.Or(gateway.Spec.Service.Type, corev1.ServiceTypeLoadBalancer)
}

// defaultPorts are those of a gateway that names none. The pods' ports can be opened without being
// root.
func defaultPorts(gateway v1alpha1.GatewayType) []corev1.ServicePort {
	port := func(name string, number, target int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Protocol: corev1.ProtocolTCP, Port: number, TargetPort: intstr.FromInt32(target)}
	}
	ports := []corev1.ServicePort{port("http2", 80, 8080), port("https", 443, 8443)}
	if gateway == v1alpha1.GatewayTypeEgress {
		return ports
	}
	return append([]corev1.ServicePort{port("tcp-status-port", statusPort, statusPort)}, ports...)
}

// portsOf are the ports of the gateway's Service.
func portsOf(gateway *v1alpha1.IstioMeshGateway) []corev1.ServicePort {
	if len(gateway.Spec.Service.Ports) == 0 {
		return defaultPorts(gateway.Spec.Type)
	}
	ports := make([]corev1.ServicePort, 0, len(gateway.Spec.Service.Ports))
	for _, wanted := range gateway.Spec.Service.Ports {
		port := corev1.ServicePort{
			Name:       wanted.Name,
			Protocol:   cmp.Or(wanted.Protocol, corev1.ProtocolTCP),
			Port:       wanted.Port,
			TargetPort: intstr.FromInt32(wanted.Port),
			NodePort:   wanted.NodePort,
		}
		if wanted.TargetPort != nil {
			port.TargetPort = *wanted.TargetPort
		}
		ports = append(ports, port)
	}
	return ports
}

// chartPorts satisfies the chart, which takes no names of target ports and no node ports:
// setService sets all there is to a port.
func chartPorts(gateway *v1alpha1.IstioMeshGateway) []any {
	var ports []any
	for _, port := range portsOf(gateway) {
		ports = append(ports, map[string]any{"name": port.Name, "port": int64(port.Port)})
	}
	return ports
}

// setService lays the gateway's settings over the rendered Service.
func setService(object *unstructured.Unstructured, gateway *v1alpha1.IstioMeshGateway) error {
	config := gateway.Spec.Service.ServiceConfig
	spec := corev1.ServiceSpec{
		Type:                     serviceType(gateway),
		Ports:                    portsOf(gateway),
		Selector:                 config.Selector,
		ClusterIP:                config.ClusterIP,
		ExternalIPs:              config.ExternalIPs,
		SessionAffinity:          config.SessionAffinity,
		SessionAffinityConfig:    config.SessionAffinityConfig,
		LoadBalancerIP:           config.LoadBalancerIP,
		LoadBalancerSourceRanges: config.LoadBalancerSourceRanges,
		ExternalTrafficPolicy:    config.ExternalTrafficPolicy,
		HealthCheckNodePort:      config.HealthCheckNodePort,
		PublishNotReadyAddresses: config.PublishNotReadyAddresses != nil && *config.PublishNotReadyAddresses,
	}
	if config.IPFamily != "" {
		spec.IPFamilies = []corev1.IPFamily{config.IPFamily}
	}
	if len(spec.Selector) == 0 {
		spec.Selector = selectorOf(gateway)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&spec)
	if err != nil {
		return fmt.Errorf("encode the Service's specification: %w", err)
	}
	object.Object["spec"] = content
	if config.Metadata != nil {
		addMetadata(object, *config.Metadata)
	}
	return nil
}
