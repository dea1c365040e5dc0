package podstate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// initialize runs the init containers one after the other and keeps the sidecars among them running. It
// decides nothing once all did their work.
func initialize(p *Pod, now time.Time) (Step, bool) {
	if p.initialized {
		return Step{}, false
	}
	at := p.unsatisfied()
	if at == len(p.Object.Spec.InitContainers) {
		return Step{}, false
	}
	return p.startFirst(append(p.sidecars(at), &p.Object.Spec.InitContainers[at]), now), true
}

// Initializing says that init containers still have work to do before the pod's containers may run.
func (p *Pod) Initializing() bool {
	return !p.initialized && p.unsatisfied() < len(p.Object.Spec.InitContainers)
}

// unsatisfied is the index of the first init container that still has work to do.
func (p *Pod) unsatisfied() int {
	for i := range p.Object.Spec.InitContainers {
		if !p.satisfied(&p.Object.Spec.InitContainers[i]) {
			return i
		}
	}
	return len(p.Object.Spec.InitContainers)
}

// satisfied says that what comes after an init container may start.
func (p *Pod) satisfied(c *corev1.Container) bool {
	known := p.Containers[c.Name]
	if IsSidecar(c) {
		return known.Running != nil && known.Running.Started
	}
	return known.Exited != nil && known.Exited.ExitCode == 0 && !known.Rerun
}

// run keeps the pod's sidecars and containers running.
func run(p *Pod, now time.Time) (Step, bool) {
	keep := p.sidecars(len(p.Object.Spec.InitContainers))
	for i := range p.Object.Spec.Containers {
		keep = append(keep, &p.Object.Spec.Containers[i])
	}
	return p.startFirst(keep, now), true
}

// startFirst starts the first of the containers that may start now, and else waits for the first that
// may later.
func (p *Pod) startFirst(containers []*corev1.Container, now time.Time) Step {
	var next time.Time
	for _, c := range containers {
		known := p.Containers[c.Name]
		if known.Running != nil || !p.startable(c, known) {
			continue
		}
		step := p.startOrWait(c, now)
		if step.Action == StartContainer {
			return step
		}
		next = earlier(next, step.At)
	}
	return p.wait(next)
}

func (p *Pod) sidecars(before int) []*corev1.Container {
	var found []*corev1.Container
	for i := range p.Object.Spec.InitContainers[:before] {
		if c := &p.Object.Spec.InitContainers[i]; IsSidecar(c) {
			found = append(found, c)
		}
	}
	return found
}

// startable says that a container which does not run should.
func (p *Pod) startable(c *corev1.Container, known *Container) bool {
	return known.Exited == nil || p.restarts(c, known)
}

func (p *Pod) startOrWait(c *corev1.Container, now time.Time) Step {
	if until := p.StartableAt(c); now.Before(until) {
		return p.wait(until)
	}
	return Step{Action: StartContainer, Container: c.Name}
}

// StartableAt is when a container that does not run may start, which may be in the past.
func (p *Pod) StartableAt(c *corev1.Container) time.Time {
	known := p.Containers[c.Name]
	switch {
	case known.Waiting != nil:
		return known.Waiting.Retry
	case known.Exited == nil || known.Rerun || p.changed(c, known):
		return time.Time{}
	}
	return known.Backoff.Until(known.Exited.FinishedAt.Time)
}
