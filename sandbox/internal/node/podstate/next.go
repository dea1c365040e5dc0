package podstate

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Action is a kind of step.
type Action int

const (
	// Wait means that there is nothing to do before Step.At, or before something changes when that is zero.
	Wait Action = iota
	// StartSandbox makes the pod's network.
	StartSandbox
	// StartContainer runs the next attempt of Step.Container.
	StartContainer
	// KillContainer ends the running attempt of Step.Container.
	KillContainer
	// Stop ends all containers, then frees the pod's network.
	Stop
	// Delete removes the pod's object, of which nothing runs any more.
	Delete
	// Forget means that the pod is gone from the API server and nothing of it runs.
	Forget
)

func (a Action) String() string {
	return [...]string{"wait", "start sandbox", "start container", "kill container", "stop", "delete", "forget"}[a]
}

// Step is what to do next for a pod.
type Step struct {
	Action    Action
	Container string
	// Grace is how long containers get to end by themselves (KillContainer, Stop).
	Grace time.Duration
	// Message says why (KillContainer).
	Message string
	// At is when to look again (Wait).
	At time.Time
	// Failure is why the node gives the pod up (Stop); nil otherwise.
	Failure *Failure
}

// minGrace is what every container gets, also when the deletion is forced.
const minGrace = 2 * time.Second

// rule decides one question. It says false when another rule has to decide.
type rule func(p *Pod, now time.Time) (Step, bool)

// Next decides the next step for a pod. The rules are asked in this order; the first that decides is followed.
func Next(p *Pod, now time.Time) Step {
	for _, decide := range []rule{stopped, deleted, overdue, done, sandbox, unhealthy, initialize, run} {
		if step, decided := decide(p, now); decided {
			return step
		}
	}
	return Step{Action: Wait}
}

func stopped(p *Pod, _ time.Time) (Step, bool) {
	switch {
	case !p.Stopped:
		return Step{}, false
	case p.Removed:
		return Step{Action: Forget}, true
	case p.Deleted():
		return Step{Action: Delete}, true
	}
	return Step{Action: Wait}, true
}

func deleted(p *Pod, _ time.Time) (Step, bool) {
	if !p.Deleted() {
		return Step{}, false
	}
	return Step{Action: Stop, Grace: p.Grace()}, true
}

func overdue(p *Pod, now time.Time) (Step, bool) {
	limit, limited := p.deadline()
	if !limited || now.Before(limit) {
		return Step{}, false
	}
	failure := &Failure{Reason: "DeadlineExceeded", Message: "Pod was active on the node longer than the specified deadline"}
	return Step{Action: Stop, Grace: p.Grace(), Failure: failure}, true
}

func done(p *Pod, _ time.Time) (Step, bool) {
	if !p.Done() {
		return Step{}, false
	}
	return Step{Action: Stop, Grace: p.Grace()}, true
}

func sandbox(p *Pod, now time.Time) (Step, bool) {
	switch {
	case !p.SandboxUp && now.Before(p.SandboxRetry):
		return p.wait(p.SandboxRetry), true
	case !p.SandboxUp:
		return Step{Action: StartSandbox}, true
	case !p.VolumesReady:
		return p.wait(time.Time{}), true
	}
	return Step{}, false
}

func unhealthy(p *Pod, _ time.Time) (Step, bool) {
	for _, c := range p.all() {
		known := p.Containers[c.Name]
		if known.Running == nil {
			continue
		}
		if sick := known.Running.Unhealthy; sick != nil {
			grace := p.Grace()
			if sick.Grace != nil {
				grace = seconds(*sick.Grace)
			}
			return Step{Action: KillContainer, Container: c.Name, Grace: grace, Message: sick.Message}, true
		}
		if p.changed(c, known) {
			message := fmt.Sprintf("Container %s definition changed, will be restarted", c.Name)
			return Step{Action: KillContainer, Container: c.Name, Grace: p.Grace(), Message: message}, true
		}
	}
	return Step{}, false
}

// Grace is how long the pod's containers get to end by themselves.
func (p *Pod) Grace() time.Duration {
	switch {
	case p.Object.DeletionGracePeriodSeconds != nil:
		return seconds(*p.Object.DeletionGracePeriodSeconds)
	case p.Object.Spec.TerminationGracePeriodSeconds != nil:
		return seconds(*p.Object.Spec.TerminationGracePeriodSeconds)
	}
	return seconds(corev1.DefaultTerminationGracePeriodSeconds)
}

func seconds(s int64) time.Duration { return max(time.Duration(s)*time.Second, minGrace) }

func (p *Pod) deadline() (time.Time, bool) {
	if p.Object.Spec.ActiveDeadlineSeconds == nil {
		return time.Time{}, false
	}
	return p.StartedAt.Add(time.Duration(*p.Object.Spec.ActiveDeadlineSeconds) * time.Second), true
}

// wait is a Wait until the given time (zero: any change), or until the pod's deadline if that is earlier.
func (p *Pod) wait(until time.Time) Step {
	if limit, limited := p.deadline(); limited {
		until = earlier(until, limit)
	}
	return Step{Action: Wait, At: until}
}

// earlier returns the earlier of two times, of which a zero one means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (p *Pod) all() []*corev1.Container {
	var all []*corev1.Container
	for i := range p.Object.Spec.InitContainers {
		all = append(all, &p.Object.Spec.InitContainers[i])
	}
	for i := range p.Object.Spec.Containers {
		all = append(all, &p.Object.Spec.Containers[i])
	}
	return all
}
