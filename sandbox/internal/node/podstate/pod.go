package podstate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Pod is what the node knows about a pod.
type Pod struct {
	// Object is the pod as the API server last showed it.
	Object *corev1.Pod
	// Removed says that the API server holds the object no longer.
	Removed bool
	// IP is the pod's address, empty before its first sandbox.
	IP string
	// StartedAt is when this node first saw the pod.
	StartedAt time.Time
	// SandboxUp says that the pod's network is made.
	SandboxUp bool
	// SandboxRetry is when to try again to make the network, after a failure.
	SandboxRetry time.Time
	// VolumesReady says that all volumes have their content.
	VolumesReady bool
	// Stopped says that nothing of the pod runs any more and nothing will.
	Stopped bool
	// Failure says why the node ended the pod itself; nil otherwise.
	Failure *Failure
	// Containers are the init containers and the containers, by name.
	Containers map[string]*Container

	// initialized says that a container of the pod ran since the sandbox is up: init containers are over.
	initialized bool
}

// Failure is why a node gave a pod up.
type Failure struct{ Reason, Message string }

// Container is what the node knows about a container of a pod.
type Container struct {
	// Attempt is the number of the current or latest attempt, counted from 0; -1 before the first.
	Attempt int
	// Image is the image of that attempt.
	Image string
	// Running describes the attempt while it runs.
	Running *Running
	// Exited is how the latest attempt ended; nil while it runs and before the first.
	Exited *corev1.ContainerStateTerminated
	// Previous is how the attempt before the latest ended.
	Previous *corev1.ContainerStateTerminated
	// Waiting is why the next attempt cannot begin; nil when nothing is known to be in the way.
	Waiting *Waiting
	// Rerun says that an init container has to do its work once more, for a new sandbox.
	Rerun bool
	// Backoff delays restarts.
	Backoff Backoff
}

// Running is a running attempt of a container.
type Running struct {
	// ID is the attempt's containerID.
	ID        string
	StartedAt time.Time
	// Started says that the startup probe, if any, succeeded.
	Started bool
	// Ready says that the readiness probe, if any, succeeds.
	Ready bool
	// Unhealthy is set when a startup or liveness probe wants the container restarted.
	Unhealthy *Unhealthy
}

// Unhealthy is a probe's verdict that a container must be restarted.
type Unhealthy struct {
	Message string
	// Grace replaces the pod's termination grace period when it is not nil.
	Grace *int64
}

// Waiting is why a container does not start.
type Waiting struct {
	Reason, Message string
	// Retry is when to try again.
	Retry time.Time
}

// New returns the state of a pod that this node sees for the first time.
func New(pod *corev1.Pod, now time.Time) *Pod {
	p := &Pod{Object: pod, StartedAt: now, Containers: map[string]*Container{}}
	for _, c := range pod.Spec.InitContainers {
		p.Containers[c.Name] = &Container{Attempt: -1}
	}
	for _, c := range pod.Spec.Containers {
		p.Containers[c.Name] = &Container{Attempt: -1}
	}
	return p
}

// Begin notes that an attempt of a container is running.
func (p *Pod) Begin(name string, attempt int, image string, running Running) {
	c := p.Containers[name]
	c.retire(running.StartedAt)
	c.Attempt, c.Image, c.Running, c.Waiting = attempt, image, &running, nil
	p.initialized = p.initialized || !p.IsInit(name)
}

// End notes how the running attempt of a container ended.
func (p *Pod) End(name string, exit corev1.ContainerStateTerminated) {
	c := p.Containers[name]
	c.Running, c.Exited = nil, &exit
}

// Fail notes an attempt of a container whose program could not be run.
func (p *Pod) Fail(name string, attempt int, image string, exit corev1.ContainerStateTerminated) {
	c := p.Containers[name]
	c.retire(exit.FinishedAt.Time)
	c.Attempt, c.Image, c.Exited = attempt, image, &exit
	c.Waiting = &Waiting{Reason: "RunContainerError", Message: exit.Message, Retry: c.Backoff.Until(exit.FinishedAt.Time)}
}

// retire makes the latest attempt the previous one, because another begins now.
func (c *Container) retire(now time.Time) {
	if c.Exited == nil {
		return
	}
	if !c.Rerun {
		c.Backoff = c.Backoff.Restarted(c.Exited.FinishedAt.Time, now)
	}
	c.Previous, c.Exited, c.Rerun = c.Exited, nil, false
}

// Deleted says that somebody asked for the pod's deletion, or that it is gone already.
func (p *Pod) Deleted() bool { return p.Removed || p.Object.DeletionTimestamp != nil }
