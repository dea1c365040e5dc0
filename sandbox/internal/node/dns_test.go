package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

func TestDNSConfig(t *testing.T) {
	two := "2"
	own := &corev1.PodDNSConfig{Nameservers: []string{"10.0.0.9"}, Searches: []string{"example.com", "cluster.local"},
		Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: &two}, {Name: "edns0"}}}
	searches := []string{"n.svc.cluster.local", "svc.cluster.local", "cluster.local"}
	cluster := container.DNSConfig{Nameservers: []string{"10.96.0.10"}, Searches: searches, Options: []string{"ndots:5"}}
	plain := container.DNSConfig{Nameservers: []string{"10.96.0.10"}}
	tests := []struct {
		name string
		spec corev1.PodSpec
		want container.DNSConfig
	}{
		{"by default", corev1.PodSpec{}, cluster},
		{"cluster first", corev1.PodSpec{DNSPolicy: corev1.DNSClusterFirst}, cluster},
		{"cluster first on the host's network is the host's", corev1.PodSpec{DNSPolicy: corev1.DNSClusterFirst, HostNetwork: true}, plain},
		{"cluster first with the host's network", corev1.PodSpec{DNSPolicy: corev1.DNSClusterFirstWithHostNet, HostNetwork: true}, cluster},
		{"the host's", corev1.PodSpec{DNSPolicy: corev1.DNSDefault}, plain},
		{"only its own", corev1.PodSpec{DNSPolicy: corev1.DNSNone, DNSConfig: own}, container.DNSConfig{
			Nameservers: own.Nameservers, Searches: own.Searches, Options: []string{"ndots:2", "edns0"}}},
		{"its own added", corev1.PodSpec{DNSConfig: own}, container.DNSConfig{
			Nameservers: []string{"10.96.0.10", "10.0.0.9"}, Searches: append(searches[:3:3], "example.com"), Options: []string{"ndots:2", "edns0"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n"}, Spec: test.spec}
			if diff := cmp.Diff(test.want, dnsConfig(pod, "10.96.0.10", "cluster.local")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
