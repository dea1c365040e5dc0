package podstate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

// lostExitCode is what a container engine reports for a container that ended while it looked away.
const lostExitCode = 255

// Resume returns the state of a pod that an earlier run of this node may have worked on: what ran then
// has ended. The pod's object holds all that is needed but for attempts that began just before the end;
// lastAttempt tells the last one that left a log, -1 for none.
func Resume(pod *corev1.Pod, lastAttempt func(container string) int, now time.Time) *Pod {
	p := New(pod, now)
	if pod.Status.StartTime != nil {
		p.StartedAt = pod.Status.StartTime.Time
	}
	if !pod.Spec.HostNetwork {
		p.IP = pod.Status.PodIP
	}
	p.Stopped = podutil.IsPodPhaseTerminal(pod.Status.Phase)
	statuses := append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
	for _, c := range p.all() {
		status := podutil.GetExistingContainerStatus(statuses, c.Name)
		known := p.Containers[c.Name]
		recall(known, status, lastAttempt(c.Name), now)
		known.Rerun = p.IsOneShot(c) && known.Exited != nil && known.Exited.ExitCode == 0
	}
	return p
}

func recall(known *Container, status corev1.ContainerStatus, lastAttempt int, now time.Time) {
	known.Image = status.Image
	known.Previous = status.LastTerminationState.Terminated
	switch {
	case status.State.Terminated != nil:
		known.Exited = status.State.Terminated
	case status.State.Running != nil:
		known.Exited = lost(status.State.Running.StartedAt, status.ContainerID, now)
	case known.Previous != nil:
		known.Exited, known.Previous = known.Previous, nil
	case lastAttempt >= 0:
		known.Exited = lost(metav1.NewTime(now), "", now)
	default:
		return
	}
	known.Attempt = max(int(status.RestartCount), lastAttempt)
}

func lost(started metav1.Time, id string, now time.Time) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: lostExitCode, Reason: "Unknown", Message: "The container ended with the node's agent",
		StartedAt: started, FinishedAt: metav1.NewTime(now), ContainerID: id,
	}
}
