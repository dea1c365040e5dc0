package kubelet

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	stats "k8s.io/kubelet/pkg/apis/stats/v1alpha1"
)

func (s *server) statsSummary(w http.ResponseWriter, _ *http.Request) {
	machine, err := readMachine()
	if err != nil {
		writeError(w, err)
		return
	}
	now := time.Now()
	summary := stats.Summary{
		Node: stats.NodeStats{
			NodeName: s.NodeName, StartTime: metav1.NewTime(machine.booted),
			CPU: cpuStats(now, machine.usage), Memory: memoryStats(now, machine.usage),
		},
		Pods: []stats.PodStats{},
	}
	for _, pod := range s.sample() {
		p := stats.PodStats{
			PodRef:     stats.PodReference{Name: pod.pod.Name, Namespace: pod.pod.Namespace, UID: string(pod.pod.UID)},
			StartTime:  pod.pod.CreationTimestamp,
			Containers: []stats.ContainerStats{},
			CPU:        cpuStats(now, pod.total),
			Memory:     memoryStats(now, pod.total),
		}
		if pod.pod.Status.StartTime != nil {
			p.StartTime = *pod.pod.Status.StartTime
		}
		for _, c := range pod.containers {
			p.Containers = append(p.Containers, stats.ContainerStats{
				Name:      c.container.Spec().Name,
				StartTime: metav1.NewTime(c.container.Status().Started),
				CPU:       cpuStats(now, c.usage),
				Memory:    memoryStats(now, c.usage),
			})
		}
		summary.Pods = append(summary.Pods, p)
	}
	writeJSON(w, summary)
}

func cpuStats(now time.Time, u usage) *stats.CPUStats {
	nanoseconds := uint64(u.cpu)
	return &stats.CPUStats{Time: metav1.NewTime(now), UsageCoreNanoSeconds: &nanoseconds}
}

func memoryStats(now time.Time, u usage) *stats.MemoryStats {
	return &stats.MemoryStats{Time: metav1.NewTime(now), WorkingSetBytes: &u.memory}
}
