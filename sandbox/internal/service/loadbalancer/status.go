package loadbalancer

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
)

// Status is the load-balancer status of a Service that has the address, or none if the address is not valid.
func Status(service *corev1.Service, address netip.Addr) corev1.LoadBalancerStatus {
	if !address.IsValid() {
		return corev1.LoadBalancerStatus{}
	}
	mode := corev1.LoadBalancerIPModeVIP
	ingress := corev1.LoadBalancerIngress{IP: address.String(), IPMode: &mode}
	for _, port := range service.Spec.Ports {
		ingress.Ports = append(ingress.Ports, corev1.PortStatus{Port: port.Port, Protocol: port.Protocol})
	}
	return corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{ingress}}
}
