package podstatus

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// Reasons of a container's state.
const (
	containerCreating = "ContainerCreating"
	podInitializing   = "PodInitializing"
	crashLoopBackOff  = "CrashLoopBackOff"
)

func containerStatuses(p *podstate.Pod, containers []corev1.Container) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for i := range containers {
		statuses = append(statuses, containerStatus(p, &containers[i]))
	}
	return statuses
}

func containerStatus(p *podstate.Pod, c *corev1.Container) corev1.ContainerStatus {
	known := p.Containers[c.Name]
	running := known.Running
	started := running != nil && running.Started
	status := corev1.ContainerStatus{
		Name: c.Name, Image: c.Image, ImageID: imageID(known),
		RestartCount: int32(max(known.Attempt, 0)),
		Started:      &started,
		Ready:        started && running.Ready,
	}
	status.State, status.LastTerminationState.Terminated = state(p, c)
	switch {
	case running != nil:
		status.ContainerID = running.ID
	case known.Exited != nil:
		status.ContainerID = known.Exited.ContainerID
	}
	if p.IsOneShot(c) {
		status.Ready = known.Exited != nil && known.Exited.ExitCode == 0 && !known.Rerun
	}
	return status
}

// imageID names what ran. There are no images here, so it is the reference itself.
func imageID(known *podstate.Container) string {
	if known.Attempt < 0 || known.Image == "" {
		return ""
	}
	return "process://" + known.Image
}

// state is a container's present state, and how it ended before.
func state(p *podstate.Pod, c *corev1.Container) (corev1.ContainerState, *corev1.ContainerStateTerminated) {
	known := p.Containers[c.Name]
	exited := known.Exited
	switch {
	case known.Running != nil:
		return running(known.Running), known.Previous
	case exited != nil && !p.WillRestart(c):
		return corev1.ContainerState{Terminated: exited}, known.Previous
	case known.Waiting != nil:
		return waiting(known.Waiting.Reason, known.Waiting.Message), exited
	case exited == nil && len(p.Object.Spec.InitContainers) == 0:
		return waiting(containerCreating, ""), nil
	case exited == nil, known.Rerun, !p.IsInit(c.Name) && p.Initializing():
		return waiting(podInitializing, ""), exited
	case p.StartableAt(c).After(exited.FinishedAt.Time):
		message := fmt.Sprintf("back-off %v restarting failed container=%s pod=%s_%s(%s)",
			known.Backoff.Delay(), c.Name, p.Object.Name, p.Object.Namespace, p.Object.UID)
		return waiting(crashLoopBackOff, message), exited
	}
	return corev1.ContainerState{Terminated: exited}, known.Previous
}

func running(r *podstate.Running) corev1.ContainerState {
	state := &corev1.ContainerStateRunning{}
	state.StartedAt.Time = r.StartedAt
	return corev1.ContainerState{Running: state}
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}
