package podstatus

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// build makes the state of a pod with an init container "i" and a container "a", and then changes it.
func build(change func(p *podstate.Pod)) *podstate.Pod {
	p := podstate.New(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", UID: "u", Generation: 3},
		Spec: corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyAlways,
			InitContainers: []corev1.Container{{Name: "i", Image: "x"}},
			Containers:     []corev1.Container{{Name: "a", Image: "x"}},
		},
	}, now)
	p.SandboxUp, p.VolumesReady, p.IP = true, true, "10.201.0.2"
	change(p)
	return p
}

func start(p *podstate.Pod, name string, ready bool) {
	p.Begin(name, p.Containers[name].Attempt+1, "x", podstate.Running{ID: "process://" + name, StartedAt: now, Started: true, Ready: ready})
}

func end(p *podstate.Pod, name string, code int32) {
	p.End(name, corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.NewTime(now)})
}

func initialized(p *podstate.Pod) { start(p, "i", false); end(p, "i", 0) }

func crash(p *podstate.Pod) { start(p, "a", true); end(p, "a", 1) }

func TestOf(t *testing.T) {
	const yes, no = corev1.ConditionTrue, corev1.ConditionFalse
	tests := []struct {
		name              string
		pod               *podstate.Pod
		phase             corev1.PodPhase
		initialized       corev1.ConditionStatus
		ready             corev1.ConditionStatus
		initState, state  string
		initReady, cReady bool
		restarts          int32
	}{
		{"nothing ran yet", build(func(p *podstate.Pod) {}), corev1.PodPending, no, no, "PodInitializing", "PodInitializing", false, false, 0},
		{"without init containers", build(func(p *podstate.Pod) { p.Object.Spec.InitContainers = nil }),
			corev1.PodPending, yes, no, "", "ContainerCreating", false, false, 0},
		{"the init container runs", build(func(p *podstate.Pod) { start(p, "i", false) }),
			corev1.PodPending, no, no, "running", "PodInitializing", false, false, 0},
		{"the init container is done", build(initialized), corev1.PodPending, yes, no, "ended 0", "PodInitializing", true, false, 0},
		{"running, not ready", build(func(p *podstate.Pod) { initialized(p); start(p, "a", false) }),
			corev1.PodRunning, yes, no, "ended 0", "running", true, false, 0},
		{"running and ready", build(func(p *podstate.Pod) { initialized(p); start(p, "a", true) }),
			corev1.PodRunning, yes, yes, "ended 0", "running", true, true, 0},
		{"just crashed, about to start again", build(func(p *podstate.Pod) { initialized(p); crash(p) }),
			corev1.PodRunning, yes, no, "ended 0", "ended 1", true, false, 0},
		{"crashed twice", build(func(p *podstate.Pod) { initialized(p); crash(p); crash(p) }),
			corev1.PodRunning, yes, no, "ended 0", "CrashLoopBackOff", true, false, 1},
		{"crashed, never to start again", build(func(p *podstate.Pod) {
			p.Object.Spec.RestartPolicy = corev1.RestartPolicyNever
			initialized(p)
			crash(p)
		}), corev1.PodFailed, yes, no, "ended 0", "ended 1", true, false, 0},
		{"completed", build(func(p *podstate.Pod) {
			p.Object.Spec.RestartPolicy = corev1.RestartPolicyNever
			initialized(p)
			start(p, "a", true)
			end(p, "a", 0)
		}), corev1.PodSucceeded, yes, no, "ended 0", "ended 0", true, false, 0},
		{"the init container failed for good", build(func(p *podstate.Pod) {
			p.Object.Spec.RestartPolicy = corev1.RestartPolicyNever
			start(p, "i", false)
			end(p, "i", 7)
		}), corev1.PodFailed, no, no, "ended 7", "PodInitializing", false, false, 0},
		{"the init container crashed twice", build(func(p *podstate.Pod) {
			for range 2 {
				start(p, "i", false)
				end(p, "i", 7)
			}
		}), corev1.PodPending, no, no, "CrashLoopBackOff", "PodInitializing", false, false, 0},
		{"cannot start", build(func(p *podstate.Pod) {
			initialized(p)
			p.Containers["a"].Waiting = &podstate.Waiting{Reason: "ErrImageNeverPull"}
		}), corev1.PodPending, yes, no, "ended 0", "ErrImageNeverPull", true, false, 0},
		{"deleted while running", build(func(p *podstate.Pod) {
			initialized(p)
			start(p, "a", true)
			end(p, "a", 143)
			p.Object.DeletionTimestamp = &metav1.Time{Time: now}
			p.Stopped = true
		}), corev1.PodFailed, yes, no, "ended 0", "ended 143", true, false, 0},
		{"deleted before its work began", build(func(p *podstate.Pod) { p.Stopped = true }),
			corev1.PodFailed, no, no, "PodInitializing", "PodInitializing", false, false, 0},
		{"after a restart of the node", build(func(p *podstate.Pod) {
			status := Of(build(func(p *podstate.Pod) { initialized(p); start(p, "a", true) }), "h")
			p.Object.Status = status
			*p = *podstate.Resume(p.Object, func(string) int { return 0 }, now)
		}), corev1.PodPending, yes, no, "PodInitializing", "PodInitializing", false, false, 0},
		{"after a restart of the node that found its work done", build(func(p *podstate.Pod) {
			p.Object.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
			p.Object.Status = Of(build(func(p *podstate.Pod) { initialized(p); start(p, "a", true); end(p, "a", 0) }), "h")
			*p = *podstate.Resume(p.Object, func(string) int { return 0 }, now)
		}), corev1.PodSucceeded, yes, no, "PodInitializing", "ended 0", false, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Of(test.pod, "10.201.0.1")
			check := func(what string, want, got any) {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			check("phase", test.phase, got.Phase)
			check("initialized", test.initialized, condition(got, corev1.PodInitialized).Status)
			check("ready", test.ready, condition(got, corev1.PodReady).Status)
			check("containers ready", test.ready, condition(got, corev1.ContainersReady).Status)
			check("state", test.state, describe(got.ContainerStatuses[0]))
			check("container ready", test.cReady, got.ContainerStatuses[0].Ready)
			check("restarts", test.restarts, got.ContainerStatuses[0].RestartCount)
			if test.initState != "" {
				check("state of init container", test.initState, describe(got.InitContainerStatuses[0]))
				check("init container ready", test.initReady, got.InitContainerStatuses[0].Ready)
			}
			check("observed generation", int64(3), got.ObservedGeneration)
			check("host address", "10.201.0.1", got.HostIP)
		})
	}
}

func describe(status corev1.ContainerStatus) string {
	switch {
	case status.State.Running != nil:
		return "running"
	case status.State.Terminated != nil:
		return fmt.Sprintf("ended %d", status.State.Terminated.ExitCode)
	}
	return status.State.Waiting.Reason
}

func condition(status corev1.PodStatus, kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}

// A readiness gate holds Ready back, not ContainersReady, and its condition stays as its owner wrote it.
func TestReadinessGate(t *testing.T) {
	gate := corev1.PodCondition{Type: "example.com/gate", Status: corev1.ConditionFalse}
	p := build(func(p *podstate.Pod) {
		initialized(p)
		start(p, "a", true)
		p.Object.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: gate.Type}}
		p.Object.Status.Conditions = []corev1.PodCondition{gate}
	})
	got := Of(p, "h")
	if ready := condition(got, corev1.PodReady); ready.Status != corev1.ConditionFalse || ready.Reason != "ReadinessGatesNotReady" {
		t.Errorf("Ready is %+v", ready)
	}
	if condition(got, corev1.ContainersReady).Status != corev1.ConditionTrue {
		t.Error("ContainersReady is not true")
	}
	if diff := cmp.Diff(gate, condition(got, gate.Type)); diff != "" {
		t.Errorf("the gate's condition changed:\n%s", diff)
	}
	p.Object.Status.Conditions[0].Status = corev1.ConditionTrue
	if condition(Of(p, "h"), corev1.PodReady).Status != corev1.ConditionTrue {
		t.Error("Ready is not true with the gate open")
	}
}

// A status that was computed before somebody else changed the object does not undo that change.
func TestCarryKeepsWhatOthersWrote(t *testing.T) {
	computed := Of(build(func(p *podstate.Pod) { initialized(p); start(p, "a", true) }), "h")
	gate := corev1.PodCondition{Type: "example.com/gate", Status: corev1.ConditionTrue}
	long := metav1.NewTime(now.Add(-time.Hour))
	newer := corev1.PodStatus{Conditions: []corev1.PodCondition{gate, {Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: long}}}
	got := Carry(computed, newer)
	if diff := cmp.Diff(gate, condition(got, gate.Type)); diff != "" {
		t.Errorf("the gate's condition changed:\n%s", diff)
	}
	if ready := condition(got, corev1.PodReady); !ready.LastTransitionTime.Equal(&long) {
		t.Error("the transition time of Ready changed without a transition")
	}
	if diff := cmp.Diff(computed.ContainerStatuses, got.ContainerStatuses); diff != "" {
		t.Errorf("container statuses (-want +got):\n%s", diff)
	}
}

// The same state gives the same status, whatever the time: so nothing is written when nothing changed.
func TestOfIsStable(t *testing.T) {
	p := build(func(p *podstate.Pod) { initialized(p); start(p, "a", true) })
	p.Object.Status = Of(p, "h")
	if diff := cmp.Diff(p.Object.Status, Of(p, "h"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("second status differs:\n%s", diff)
	}
}
