package mesh

import "strings"

// DefaultDomain is the DNS domain of a cluster that was not given another.
const DefaultDomain = "cluster.local"

// Host names a service in calls and in metrics.
type Host struct {
	FQDN      string // as in destination_service
	Name      string
	Namespace string // "" for hosts outside the cluster
}

// ResolveHost completes the host name of a target as a pod of the namespace would resolve it: service,
// service.namespace.svc and service.namespace.svc.<domain> are services of the cluster, all else is outside.
func ResolveHost(host, namespace, domain string) Host {
	labels := strings.Split(strings.TrimSuffix(host, "."+domain), ".")
	switch {
	case len(labels) == 1 && host != "localhost" && namespace != "":
		return serviceHost(host, namespace, domain)
	case len(labels) == 3 && labels[2] == "svc":
		return serviceHost(labels[0], labels[1], domain)
	default:
		return Host{FQDN: host, Name: host}
	}
}

func serviceHost(name, namespace, domain string) Host {
	return Host{FQDN: name + "." + namespace + ".svc." + domain, Name: name, Namespace: namespace}
}

// HostOf is the service in front of a workload, as far as it is known.
func HostOf(w Workload, domain string) (host Host, ok bool) {
	if w.Service == "" || w.Namespace == "" {
		return Host{}, false
	}
	return serviceHost(w.Service, w.Namespace, domain), true
}
