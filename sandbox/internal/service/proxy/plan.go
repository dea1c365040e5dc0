// Package proxy answers at the addresses of Services and forwards to their endpoints, as kube-proxy does,
// but in user space: a frontend with endpoints is a listening socket, one without is no socket at all, so
// that the kernel itself refuses the connection.
package proxy

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Frontend is one port of one Service: where clients connect, and who answers them.
type Frontend struct {
	Service types.NamespacedName
	// Port is the name of the port, empty for the only port of a Service.
	Port string
	// Network is "tcp" or "udp".
	Network string
	// Addresses are those to listen on.
	Addresses []netip.AddrPort
	// Endpoints take new connections; never empty.
	Endpoints []netip.AddrPort
	// Affinity is how long a client that was idle goes back to the same endpoint; zero means no affinity.
	Affinity time.Duration
}

// Options are the facts about the cluster that a plan needs besides its objects.
type Options struct {
	// APIServer answers for the Service default/kubernetes, whose recorded endpoint is not reachable from everywhere.
	APIServer netip.AddrPort
	// NodeIP is the address for node ports; the zero value means that node ports are not served.
	NodeIP netip.Addr
}

// Plan says which frontends the Services and their EndpointSlices ask for, in a stable order.
// Ports without a usable endpoint are left out, and so are headless and external-name Services.
func Plan(services []*corev1.Service, endpointSlices []*discoveryv1.EndpointSlice, options Options) []Frontend {
	byService := map[types.NamespacedName][]*discoveryv1.EndpointSlice{}
	for _, slice := range endpointSlices {
		name := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		byService[name] = append(byService[name], slice)
	}
	var frontends []Frontend
	apiService := types.NamespacedName{Namespace: metav1.NamespaceDefault, Name: "kubernetes"}
	for _, service := range services {
		name := types.NamespacedName{Namespace: service.Namespace, Name: service.Name}
		for _, port := range service.Spec.Ports {
			network := strings.ToLower(string(port.Protocol))
			if network != "tcp" && network != "udp" {
				continue // SCTP is not forwarded
			}
			frontend := Frontend{
				Service:   name,
				Port:      port.Name,
				Network:   network,
				Addresses: addresses(service, port, options.NodeIP),
				Endpoints: Endpoints(byService[name], port.Name, port.Protocol),
				Affinity:  affinity(service),
			}
			if name == apiService {
				frontend.Endpoints = []netip.AddrPort{options.APIServer}
			}
			if len(frontend.Addresses) > 0 && len(frontend.Endpoints) > 0 {
				frontends = append(frontends, frontend)
			}
		}
	}
	slices.SortFunc(frontends, func(a, b Frontend) int {
		return cmp.Or(cmp.Compare(a.Service.Namespace, b.Service.Namespace), cmp.Compare(a.Service.Name, b.Service.Name),
			cmp.Compare(a.Network, b.Network), a.Addresses[0].Compare(b.Addresses[0]))
	})
	return frontends
}

// addresses lists where a Service's port is to be reached: cluster IPs, load-balancer addresses, node port.
func addresses(service *corev1.Service, port corev1.ServicePort, nodeIP netip.Addr) []netip.AddrPort {
	if service.Spec.Type == corev1.ServiceTypeExternalName || service.Spec.ClusterIP == corev1.ClusterIPNone {
		return nil
	}
	var all []netip.AddrPort
	for _, ip := range service.Spec.ClusterIPs {
		if address, err := netip.ParseAddr(ip); err == nil {
			all = append(all, netip.AddrPortFrom(address, uint16(port.Port)))
		}
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		address, err := netip.ParseAddr(ingress.IP)
		behindProxy := ingress.IPMode != nil && *ingress.IPMode == corev1.LoadBalancerIPModeProxy
		if err == nil && !behindProxy && service.Spec.Type == corev1.ServiceTypeLoadBalancer {
			all = append(all, netip.AddrPortFrom(address, uint16(port.Port)))
		}
	}
	if nodeIP.IsValid() && port.NodePort != 0 {
		all = append(all, netip.AddrPortFrom(nodeIP, uint16(port.NodePort)))
	}
	return all
}

// defaultAffinity is the API's default for sessionAffinityConfig.clientIP.timeoutSeconds.
const defaultAffinity = 3 * time.Hour

func affinity(service *corev1.Service) time.Duration {
	if service.Spec.SessionAffinity != corev1.ServiceAffinityClientIP {
		return 0
	}
	config := service.Spec.SessionAffinityConfig
	if config == nil || config.ClientIP == nil || config.ClientIP.TimeoutSeconds == nil {
		return defaultAffinity
	}
	return time.Duration(*config.ClientIP.TimeoutSeconds) * time.Second
}
