// Package clusterdns answers DNS queries about Services and Pods as the Kubernetes specification
// "DNS-Based Service Discovery" 1.1 says.
package clusterdns

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Domain is the cluster's domain, fully qualified.
const Domain = "cluster.local."

// ttl of all records, in seconds: short, for endpoints come and go.
const ttl = 5

// Records lists the records that the Services, their EndpointSlices and the Pods call for.
// server is the address of the name server itself.
func Records(server netip.Addr, services []*corev1.Service, slices []*discoveryv1.EndpointSlice, pods []*corev1.Pod) []dns.RR {
	records := []dns.RR{
		&dns.NS{Hdr: header(Domain, dns.TypeNS), Ns: nameServer},
		&dns.TXT{Hdr: header("dns-version."+Domain, dns.TypeTXT), Txt: []string{"1.1.0"}},
		a(nameServer, server),
	}
	bySvc := map[types.NamespacedName][]*discoveryv1.EndpointSlice{}
	for _, slice := range slices {
		name := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		bySvc[name] = append(bySvc[name], slice)
	}
	named := map[netip.Addr]bool{}
	for _, service := range services {
		owner := fmt.Sprintf("%s.%s.svc.%s", service.Name, service.Namespace, Domain)
		switch {
		case service.Spec.Type == corev1.ServiceTypeExternalName:
			records = append(records, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME), Target: dns.Fqdn(service.Spec.ExternalName)})
		case service.Spec.ClusterIP == corev1.ClusterIPNone:
			for _, slice := range bySvc[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}] {
				records = append(records, headlessRecords(owner, slice, named)...)
			}
		default:
			records = append(records, clusterIPRecords(owner, service)...)
		}
	}
	return append(dns.Dedup(records, nil), podRecords(pods, named)...)
}

func clusterIPRecords(owner string, service *corev1.Service) []dns.RR {
	var records []dns.RR
	for _, ip := range service.Spec.ClusterIPs {
		if address, ok := parseIPv4(ip); ok {
			records = append(records, a(owner, address), ptr(address, owner))
		}
	}
	if len(records) == 0 {
		return nil
	}
	for _, port := range service.Spec.Ports {
		if port.Name != "" {
			records = append(records, srv(port.Name, string(port.Protocol), owner, uint16(port.Port), owner))
		}
	}
	return records
}

// headlessRecords names each ready endpoint of the slice, and notes in named the addresses that have a reverse name.
func headlessRecords(owner string, slice *discoveryv1.EndpointSlice, named map[netip.Addr]bool) []dns.RR {
	var records []dns.RR
	for _, endpoint := range slice.Endpoints {
		if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
			continue
		}
		for _, ip := range endpoint.Addresses {
			address, ok := parseIPv4(ip)
			if !ok {
				continue
			}
			host := dashed(address)
			if endpoint.Hostname != nil && *endpoint.Hostname != "" {
				host = *endpoint.Hostname
			}
			host += "." + owner
			named[address] = true
			records = append(records, a(owner, address), a(host, address), ptr(address, host))
			for _, port := range slice.Ports {
				if port.Name != nil && *port.Name != "" && port.Port != nil && port.Protocol != nil {
					records = append(records, srv(*port.Name, string(*port.Protocol), owner, uint16(*port.Port), host))
				}
			}
		}
	}
	return records
}

// podRecords gives each running pod its name by address, and the way back where no headless Service gives one.
func podRecords(pods []*corev1.Pod, named map[netip.Addr]bool) []dns.RR {
	var records []dns.RR
	for _, pod := range pods {
		address, ok := parseIPv4(pod.Status.PodIP)
		if !ok || pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		name := fmt.Sprintf("%s.%s.pod.%s", dashed(address), pod.Namespace, Domain)
		records = append(records, a(name, address))
		if !named[address] {
			records = append(records, ptr(address, name))
		}
	}
	return records
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

func a(name string, address netip.Addr) dns.RR {
	return &dns.A{Hdr: header(name, dns.TypeA), A: address.AsSlice()}
}

func ptr(address netip.Addr, target string) dns.RR {
	b := address.As4()
	return &dns.PTR{Hdr: header(fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa.", b[3], b[2], b[1], b[0]), dns.TypePTR), Ptr: target}
}

func srv(port, protocol, owner string, number uint16, target string) dns.RR {
	name := fmt.Sprintf("_%s._%s.%s", port, strings.ToLower(protocol), owner)
	return &dns.SRV{Hdr: header(name, dns.TypeSRV), Weight: 100, Port: number, Target: target}
}

// dashed is the name of an address where it has no better one, as CoreDNS forms it.
func dashed(address netip.Addr) string { return strings.ReplaceAll(address.String(), ".", "-") }

func parseIPv4(ip string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(ip)
	return address, err == nil && address.Is4()
}
