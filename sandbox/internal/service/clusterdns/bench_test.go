package clusterdns

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// BenchmarkZone rebuilds the zone of a large cluster: it happens at most once for each change that counts.
func BenchmarkZone(b *testing.B) {
	var services []*corev1.Service
	for i := range 1000 {
		services = append(services, clusterIP(fmt.Sprintf("s%d", i), fmt.Sprintf("10.96.%d.%d", i/250, i%250), tcpPort("http", 80)))
	}
	var pods []*corev1.Pod
	for i := range 5000 {
		pods = append(pods, pod(fmt.Sprintf("p%d", i), fmt.Sprintf("10.201.%d.%d", i/250, i%250), corev1.PodRunning, false))
	}
	for b.Loop() {
		NewZone(Records(serverAddress, services, nil, pods))
	}
}
