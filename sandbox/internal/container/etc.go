package container

import (
	"fmt"
	"slices"
	"strings"
)

// etcFiles are the files below /etc that containers of a pod find.
func etcFiles(pod PodSpec) map[string]string {
	return map[string]string{
		"/etc/hostname":    pod.hostname() + "\n",
		"/etc/hosts":       hosts(pod),
		"/etc/resolv.conf": resolvConf(pod.DNS),
		"/etc/passwd":      "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
		"/etc/group":       "root:x:0:\nnogroup:x:65534:\n",
	}
}

// hostname is what fits into a host name; a pod's name may be longer.
func (p PodSpec) hostname() string {
	name := p.Hostname
	if name == "" {
		name = p.Name
	}
	return strings.TrimRight(name[:min(len(name), 63)], "-.")
}

func hosts(pod PodSpec) string {
	var b strings.Builder
	b.WriteString("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
	if pod.IP != "" {
		fmt.Fprintf(&b, "%s\t%s\n", pod.IP, pod.hostname())
	}
	for _, alias := range pod.HostAliases {
		fmt.Fprintf(&b, "%s\t%s\n", alias.IP, strings.Join(alias.Hostnames, "\t"))
	}
	return b.String()
}

func resolvConf(dns DNSConfig) string {
	var b strings.Builder
	if len(dns.Searches) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(dns.Searches, " "))
	}
	for _, server := range dns.Nameservers {
		fmt.Fprintf(&b, "nameserver %s\n", server)
	}
	if len(dns.Options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(dns.Options, " "))
	}
	return b.String()
}

// environment is a container's environment with the variables that a container runtime adds.
func environment(env []string, hostname string, tty bool) []string {
	env = slices.Clone(env)
	add := func(name, value string) {
		if !slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
			env = append(env, name+"="+value)
		}
	}
	add("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	add("HOSTNAME", hostname)
	add("HOME", "/root")
	if tty {
		add("TERM", "xterm")
	}
	return env
}
