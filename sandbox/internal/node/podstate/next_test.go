package podstate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// build makes the state of a pod with init container "i", sidecar "s" and containers "a" and "b", whose
// sandbox and volumes are there, and then changes it.
func build(change func(p *Pod)) *Pod {
	always := corev1.ContainerRestartPolicyAlways
	p := New(&corev1.Pod{Spec: corev1.PodSpec{
		RestartPolicy:  corev1.RestartPolicyAlways,
		InitContainers: []corev1.Container{{Name: "i", Image: "x"}, {Name: "s", Image: "x", RestartPolicy: &always}},
		Containers:     []corev1.Container{{Name: "a", Image: "x"}, {Name: "b", Image: "x"}},
	}}, now)
	p.SandboxUp, p.VolumesReady = true, true
	change(p)
	return p
}

func started(p *Pod, names ...string) {
	for _, name := range names {
		p.Begin(name, p.Containers[name].Attempt+1, "x", Running{StartedAt: now, Started: true})
	}
}

func ended(p *Pod, code int32, names ...string) {
	for _, name := range names {
		p.End(name, corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.NewTime(now)})
	}
}

// initialized lets the init container end and starts the rest.
func initialized(p *Pod) {
	started(p, "i")
	ended(p, 0, "i")
	started(p, "s", "a", "b")
}

func policy(p *Pod, policy corev1.RestartPolicy) { p.Object.Spec.RestartPolicy = policy }

func TestNext(t *testing.T) {
	five := int64(5)
	tests := []struct {
		name string
		pod  *Pod
		want Step
	}{
		{"a new pod gets its network first", build(func(p *Pod) { p.SandboxUp = false }), Step{Action: StartSandbox}},
		{"a failed network is tried again later", build(func(p *Pod) { p.SandboxUp, p.SandboxRetry = false, now.Add(time.Second) }),
			Step{Action: Wait, At: now.Add(time.Second)}},
		{"containers wait for volumes", build(func(p *Pod) { p.VolumesReady = false }), Step{Action: Wait}},
		{"the first init container comes first", build(func(p *Pod) {}), Step{Action: StartContainer, Container: "i"}},
		{"a running init container is waited for", build(func(p *Pod) { started(p, "i") }), Step{Action: Wait}},
		{"a failed init container starts again at once, the first time", build(func(p *Pod) { started(p, "i"); ended(p, 1, "i") }),
			Step{Action: StartContainer, Container: "i"}},
		{"and later the second time", build(func(p *Pod) { started(p, "i"); ended(p, 1, "i"); started(p, "i"); ended(p, 1, "i") }),
			Step{Action: Wait, At: now.Add(10 * time.Second)}},
		{"a failed init container ends a pod that never restarts",
			build(func(p *Pod) { policy(p, corev1.RestartPolicyNever); started(p, "i"); ended(p, 1, "i") }),
			Step{Action: Stop, Grace: 30 * time.Second}},
		{"the next init container follows", build(func(p *Pod) { started(p, "i"); ended(p, 0, "i") }),
			Step{Action: StartContainer, Container: "s"}},
		{"a sidecar that has not started up holds the containers back", build(func(p *Pod) {
			started(p, "i")
			ended(p, 0, "i")
			p.Begin("s", 0, "x", Running{StartedAt: now})
		}), Step{Action: Wait}},
		{"containers start in order", build(func(p *Pod) { started(p, "i"); ended(p, 0, "i"); started(p, "s") }),
			Step{Action: StartContainer, Container: "a"}},
		{"all running", build(initialized), Step{Action: Wait}},
		{"a sidecar that ends starts again beside its containers", build(func(p *Pod) { initialized(p); ended(p, 0, "s") }),
			Step{Action: StartContainer, Container: "s"}},
		{"an init container is not run again for a restarted container", build(func(p *Pod) { initialized(p); ended(p, 1, "a") }),
			Step{Action: StartContainer, Container: "a"}},
		{"a container in back-off does not hold up another", build(func(p *Pod) {
			initialized(p)
			ended(p, 1, "a")
			started(p, "a")
			ended(p, 1, "a", "b")
		}), Step{Action: StartContainer, Container: "b"}},
		{"the earliest restart is waited for", build(func(p *Pod) {
			initialized(p)
			p.Containers["a"].Waiting = &Waiting{Retry: now.Add(9 * time.Second)}
			p.Containers["b"].Waiting = &Waiting{Retry: now.Add(7 * time.Second)}
			ended(p, 1, "a", "b")
		}), Step{Action: Wait, At: now.Add(7 * time.Second)}},
		{"OnFailure leaves a container that succeeded", build(func(p *Pod) { policy(p, corev1.RestartPolicyOnFailure); initialized(p); ended(p, 0, "a") }),
			Step{Action: Wait}},
		{"a pod whose containers succeeded is stopped with its sidecars",
			build(func(p *Pod) { policy(p, corev1.RestartPolicyOnFailure); initialized(p); ended(p, 0, "a", "b") }),
			Step{Action: Stop, Grace: 30 * time.Second}},
		{"a stopped pod stays", build(func(p *Pod) { p.Stopped = true }), Step{Action: Wait}},
		{"an unhealthy container is killed, with the probe's grace", build(func(p *Pod) {
			initialized(p)
			p.Containers["b"].Running.Unhealthy = &Unhealthy{Message: "m", Grace: &five}
		}), Step{Action: KillContainer, Container: "b", Grace: 5 * time.Second, Message: "m"}},
		{"a new image replaces the container", build(func(p *Pod) { initialized(p); p.Object.Spec.Containers[0].Image = "y" }),
			Step{Action: KillContainer, Container: "a", Grace: 30 * time.Second, Message: "Container a definition changed, will be restarted"}},
		{"a new image starts even where nothing restarts", build(func(p *Pod) {
			policy(p, corev1.RestartPolicyNever)
			initialized(p)
			ended(p, 0, "a")
			p.Object.Spec.Containers[0].Image = "y"
		}), Step{Action: StartContainer, Container: "a"}},
		{"deletion stops everything, with the grace asked for", build(func(p *Pod) {
			initialized(p)
			p.Object.DeletionTimestamp, p.Object.DeletionGracePeriodSeconds = &metav1.Time{Time: now}, &five
		}), Step{Action: Stop, Grace: 5 * time.Second}},
		{"a forced deletion leaves a little time", build(func(p *Pod) {
			p.Removed, p.Object.DeletionGracePeriodSeconds = true, new(int64)
		}), Step{Action: Stop, Grace: 2 * time.Second}},
		{"a stopped pod is deleted when asked for", build(func(p *Pod) { p.Stopped, p.Object.DeletionTimestamp = true, &metav1.Time{Time: now} }),
			Step{Action: Delete}},
		{"a pod that is gone is forgotten", build(func(p *Pod) { p.Stopped, p.Removed = true, true }), Step{Action: Forget}},
		{"a pod past its deadline is stopped", build(func(p *Pod) { initialized(p); p.Object.Spec.ActiveDeadlineSeconds = new(int64) }),
			Step{Action: Stop, Grace: 30 * time.Second,
				Failure: &Failure{Reason: "DeadlineExceeded", Message: "Pod was active on the node longer than the specified deadline"}}},
		{"a deadline to come wakes the pod", build(func(p *Pod) { initialized(p); p.Object.Spec.ActiveDeadlineSeconds = &five }),
			Step{Action: Wait, At: now.Add(5 * time.Second)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Next(test.pod, now)); diff != "" {
				t.Errorf("next step (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStopsAfter(t *testing.T) {
	p := build(func(p *Pod) {
		last := p.Object.Spec.InitContainers[1]
		last.Name = "t"
		p.Object.Spec.InitContainers = append(p.Object.Spec.InitContainers, last)
	})
	for name, want := range map[string][]string{"a": nil, "i": nil, "t": {"a", "b"}, "s": {"t", "a", "b"}} {
		if diff := cmp.Diff(want, StopsAfter(&p.Object.Spec, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
