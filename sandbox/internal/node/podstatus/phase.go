package podstatus

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// phase sums a pod up. A pod that stopped before its work was over has failed.
func phase(p *podstate.Pod) corev1.PodPhase {
	phase := progress(p)
	if p.Stopped && phase != corev1.PodSucceeded {
		return corev1.PodFailed
	}
	return phase
}

func progress(p *podstate.Pod) corev1.PodPhase {
	if p.InitFailed() {
		return corev1.PodFailed
	}
	if p.Initializing() && !p.Done() {
		return corev1.PodPending
	}
	var running, failed, restarting int
	for i := range p.Object.Spec.Containers {
		c := &p.Object.Spec.Containers[i]
		known := p.Containers[c.Name]
		switch {
		case known.Running != nil:
			running++
		case known.Exited == nil:
			return corev1.PodPending
		case p.WillRestart(c):
			restarting++
		case known.Exited.ExitCode != 0:
			failed++
		}
	}
	switch {
	case running+restarting+runningSidecars(p) > 0:
		return corev1.PodRunning
	case failed > 0:
		return corev1.PodFailed
	}
	return corev1.PodSucceeded
}

func runningSidecars(p *podstate.Pod) int {
	count := 0
	for i := range p.Object.Spec.InitContainers {
		c := &p.Object.Spec.InitContainers[i]
		if podstate.IsSidecar(c) && p.Containers[c.Name].Running != nil {
			count++
		}
	}
	return count
}
