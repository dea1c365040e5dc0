package facts

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

// Domain is the DNS domain of Services.
const Domain = "cluster.local"

// Host is a name that proxies route to: that of a Service, or of a ServiceEntry.
type Host struct {
	Name      string // fully qualified; it may begin with "*."
	Namespace string
	Ports     []Port
	// Selector has the labels of the host's workloads; none for a Service without selector and for outside hosts.
	Selector map[string]string
	// Object is the Service or ServiceEntry.
	Object *validation.Object
}

// Port is one port of a host.
type Port struct {
	Number   uint32
	Name     string
	Protocol string // HTTP, HTTP2, GRPC, HTTPS, TLS, TCP, UDP, MONGO, …; "" when Istio finds it out from traffic
}

// HostIndex finds hosts by name.
type HostIndex struct {
	exact     map[string][]*Host
	wildcards []*Host
}

// Hosts returns the hosts that proxies of the view's cluster know: Services of all clusters, and the ServiceEntries
// of its own.
func Hosts(v validation.View) *HostIndex {
	reads := append(workloadKinds(), validation.ServiceEntry)
	return validation.DerivedAcross(v, "hosts of "+v.Cluster, reads, func(v validation.View) *HostIndex {
		index := &HostIndex{exact: map[string][]*Host{}}
		for _, cluster := range v.Clusters() {
			for _, o := range Services(v.At(cluster)) {
				index.add(serviceHost(o))
			}
		}
		for _, o := range v.Objects(validation.ServiceEntry) {
			index.addEntry(o)
		}
		return index
	})
}

func (x *HostIndex) add(h *Host) {
	if strings.HasPrefix(h.Name, "*") {
		x.wildcards = append(x.wildcards, h)
		return
	}
	x.exact[h.Name] = append(x.exact[h.Name], h)
}

func serviceHost(o *validation.Object) *Host {
	spec := validation.SpecOf[*corev1.ServiceSpec](o)
	h := &Host{Name: ServiceName(o), Namespace: o.Namespace, Selector: spec.Selector, Object: o}
	for _, port := range spec.Ports {
		h.Ports = append(h.Ports, Port{Number: uint32(port.Port), Name: port.Name, Protocol: ServiceProtocol(port)})
	}
	return h
}

// ServiceName is the fully qualified name of a Service.
func ServiceName(o *validation.Object) string { return o.Name + "." + o.Namespace + ".svc." + Domain }

// ServiceProtocol is the protocol that Istio takes a port for, by its appProtocol or its name; "" when it finds out.
func ServiceProtocol(port corev1.ServicePort) string {
	if port.Protocol == corev1.ProtocolUDP {
		return "UDP"
	}
	if port.AppProtocol != nil {
		name := strings.ToUpper(*port.AppProtocol)
		switch {
		case strings.HasSuffix(name, "/H2C"):
			return "HTTP2"
		case strings.HasSuffix(name, "/WS"), strings.HasSuffix(name, "/WSS"):
			return "HTTP"
		}
		return known(name)
	}
	name, _, _ := strings.Cut(strings.ToUpper(port.Name), "-")
	return known(name)
}

// known is a protocol that Istio knows, or "".
func known(name string) string {
	if slices.Contains([]string{"HTTP", "HTTP2", "GRPC", "HTTPS", "TLS", "TCP", "UDP", "MONGO", "MYSQL", "REDIS"}, name) {
		return name
	}
	if name == "GRPC-WEB" {
		return "GRPC"
	}
	return ""
}

func (x *HostIndex) addEntry(o *validation.Object) {
	spec := validation.SpecOf[*networking.ServiceEntry](o)
	for _, name := range spec.GetHosts() {
		h := &Host{Name: name, Namespace: o.Namespace, Selector: spec.GetWorkloadSelector().GetLabels(), Object: o}
		for _, port := range spec.GetPorts() {
			h.Ports = append(h.Ports, Port{Number: port.GetNumber(), Name: port.GetName(), Protocol: known(strings.ToUpper(port.GetProtocol()))})
		}
		x.add(h)
	}
}

// Qualify gives a host its full name: a name without dots is that of a Service in the namespace given. The forms
// <service>.<namespace> and <service>.<namespace>.svc, which DNS has too, are completed where such a Service exists.
func (x *HostIndex) Qualify(host, namespace string) string {
	if strings.HasPrefix(host, "*") {
		return host
	}
	if !strings.Contains(host, ".") {
		return host + "." + namespace + ".svc." + Domain
	}
	if x.exact[host] == nil {
		for _, full := range []string{host + ".svc." + Domain, host + "." + Domain} {
			if x.exact[full] != nil {
				return full
			}
		}
	}
	return host
}

// Find returns the hosts of a name as it is written in a namespace. A name with a wildcard finds all that it covers.
func (x *HostIndex) Find(host, namespace string) []*Host {
	name := x.Qualify(host, namespace)
	if strings.HasPrefix(name, "*") {
		return x.covered(name)
	}
	found := slices.Clone(x.exact[name])
	for _, wildcard := range x.wildcards {
		if Covers(wildcard.Name, name) {
			found = append(found, wildcard)
		}
	}
	return found
}

func (x *HostIndex) covered(pattern string) []*Host {
	var found []*Host
	for name, hosts := range x.exact {
		if Covers(pattern, name) {
			found = append(found, hosts...)
		}
	}
	for _, wildcard := range x.wildcards {
		if Covers(pattern, wildcard.Name) || Covers(wildcard.Name, pattern) {
			found = append(found, wildcard)
		}
	}
	return found
}

// Covers tells whether a host with or without wildcard covers another one.
func Covers(pattern, host string) bool {
	if pattern == "*" || pattern == host {
		return true
	}
	suffix, wildcard := strings.CutPrefix(pattern, "*")
	return wildcard && strings.HasSuffix(host, suffix)
}

// Overlap tells whether two hosts with or without wildcards have a name in common.
func Overlap(a, b string) bool { return Covers(a, b) || Covers(b, a) }
