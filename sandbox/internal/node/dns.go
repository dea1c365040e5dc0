package node

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// dnsConfig is how a pod finds names: through the cluster's DNS server, unless it wants otherwise. The
// machine's own servers are out of reach, so that a pod that asks for them gets the cluster's, without
// the cluster's search path.
func dnsConfig(pod *corev1.Pod, server, domain string) container.DNSConfig {
	config := container.DNSConfig{Nameservers: []string{server}}
	switch policy := pod.Spec.DNSPolicy; {
	case policy == corev1.DNSNone:
		config.Nameservers = nil
	case policy == corev1.DNSClusterFirst && !pod.Spec.HostNetwork, policy == corev1.DNSClusterFirstWithHostNet, policy == "":
		config.Searches = []string{pod.Namespace + ".svc." + domain, "svc." + domain, domain}
		config.Options = []string{"ndots:5"}
	}
	own := pod.Spec.DNSConfig
	if own == nil {
		return config
	}
	config.Nameservers = union(config.Nameservers, own.Nameservers)
	config.Searches = union(config.Searches, own.Searches)
	for _, option := range own.Options {
		config.Options = setOption(config.Options, option)
	}
	return config
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// setOption adds an option, which replaces one of the same name.
func setOption(options []string, option corev1.PodDNSConfigOption) []string {
	text := option.Name
	if option.Value != nil {
		text += ":" + *option.Value
	}
	options = slices.DeleteFunc(options, func(o string) bool {
		return o == option.Name || len(o) > len(option.Name) && o[:len(option.Name)+1] == option.Name+":"
	})
	return append(options, text)
}
