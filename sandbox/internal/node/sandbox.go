package node

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// sandboxRetry is the pause after a network that could not be made.
const sandboxRetry = 2 * time.Second

// startSandbox makes the pod's network, with the address that the pod had before if it had one.
func (w *worker) startSandbox() func(context.Context) func() {
	pod, earlier := w.state.Object, w.state.IP
	return func(ctx context.Context) func() {
		sandbox, ip, err := w.makeSandbox(ctx, pod, earlier)
		if err != nil {
			if ctx.Err() == nil {
				w.log.Warn("starting pod", "error", err)
				w.events.warn(pod, nil, eventNoNetwork, "Failed to create pod sandbox: %v", err)
			}
			return func() { w.state.SandboxRetry = time.Now().Add(sandboxRetry) }
		}
		return func() { w.sandbox, w.state.IP, w.state.SandboxUp = sandbox, ip, true }
	}
}

func (w *worker) makeSandbox(ctx context.Context, pod *corev1.Pod, earlier string) (*container.Pod, string, error) {
	ip, bridge := w.NodeIP, ""
	if !pod.Spec.HostNetwork {
		bridge = w.Bridge
		if ip = earlier; !w.addresses.claim(pod.UID, ip) {
			var err error
			if ip, err = w.addresses.allocate(pod.UID); err != nil {
				return nil, "", err
			}
		}
	}
	sandbox, err := w.runtime.StartPod(ctx, container.PodSpec{
		UID: string(pod.UID), Namespace: pod.Namespace, Name: pod.Name,
		Hostname: w.hostname(pod), IP: ip, Gateway: w.NodeIP, Bridge: bridge,
		DNS: dnsConfig(pod, w.DNSAddress, w.ClusterDomain), HostAliases: w.hostAliases(pod, ip),
	})
	if err != nil {
		w.addresses.release(pod.UID)
		return nil, "", err
	}
	return sandbox, ip, nil
}

func (a *agent) hostname(pod *corev1.Pod) string {
	switch {
	case pod.Spec.HostnameOverride != nil:
		return *pod.Spec.HostnameOverride
	case pod.Spec.HostNetwork:
		return a.NodeName
	case pod.Spec.Hostname != "":
		return pod.Spec.Hostname
	}
	return pod.Name
}

// hostAliases are the further names that a pod finds in /etc/hosts: its own full one, if it has a
// subdomain, and those that it asks for.
func (a *agent) hostAliases(pod *corev1.Pod, ip string) []container.HostAlias {
	var aliases []container.HostAlias
	if pod.Spec.Subdomain != "" && !pod.Spec.HostNetwork {
		full := fmt.Sprintf("%s.%s.%s.svc.%s", a.hostname(pod), pod.Spec.Subdomain, pod.Namespace, a.ClusterDomain)
		aliases = append(aliases, container.HostAlias{IP: ip, Hostnames: []string{full}})
	}
	for _, alias := range pod.Spec.HostAliases {
		aliases = append(aliases, container.HostAlias{IP: alias.IP, Hostnames: alias.Hostnames})
	}
	return aliases
}
