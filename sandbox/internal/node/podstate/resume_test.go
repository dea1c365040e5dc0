package podstate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func terminated(code int32) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.NewTime(now)}}
}

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now)}}
}

func TestResume(t *testing.T) {
	later := now.Add(time.Hour)
	tests := []struct {
		name      string
		policy    corev1.RestartPolicy
		init      corev1.ContainerState
		container corev1.ContainerStatus
		logged    int
		want      Step
		attempt   int
	}{
		{"a running container starts again after the init containers did", corev1.RestartPolicyAlways,
			terminated(0), corev1.ContainerStatus{State: running(), RestartCount: 2}, 2, Step{Action: StartContainer, Container: "i"}, 2},
		{"an attempt that the status did not tell of yet counts", corev1.RestartPolicyAlways,
			terminated(0), corev1.ContainerStatus{State: running(), RestartCount: 2}, 3, Step{Action: StartContainer, Container: "i"}, 3},
		{"a container that succeeded stays", corev1.RestartPolicyOnFailure,
			terminated(0), corev1.ContainerStatus{State: terminated(0)}, 0, Step{Action: Stop, Grace: 30 * time.Second}, 0},
		{"a lost container of a pod that never restarts has failed", corev1.RestartPolicyNever,
			terminated(0), corev1.ContainerStatus{State: running()}, 0, Step{Action: Stop, Grace: 30 * time.Second}, 0},
		{"a container in back-off has its latest attempt behind it", corev1.RestartPolicyAlways,
			terminated(0), corev1.ContainerStatus{LastTerminationState: terminated(1), RestartCount: 4}, -1, Step{Action: StartContainer, Container: "i"}, 4},
		{"a pod that was not begun begins", corev1.RestartPolicyAlways,
			corev1.ContainerState{}, corev1.ContainerStatus{}, -1, Step{Action: StartContainer, Container: "i"}, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{
				Spec: corev1.PodSpec{
					RestartPolicy:  test.policy,
					InitContainers: []corev1.Container{{Name: "i"}}, Containers: []corev1.Container{{Name: "a"}},
				},
				Status: corev1.PodStatus{PodIP: "10.201.0.9", InitContainerStatuses: []corev1.ContainerStatus{{Name: "i", State: test.init}}},
			}
			test.container.Name = "a"
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{test.container}
			logged := func(container string) int {
				if container == "a" {
					return test.logged
				}
				return -1
			}
			p := Resume(pod, logged, later)
			p.SandboxUp, p.VolumesReady = true, true
			if diff := cmp.Diff(test.want, Next(p, later)); diff != "" {
				t.Errorf("next step (-want +got):\n%s", diff)
			}
			if got := p.Containers["a"].Attempt; got != test.attempt {
				t.Errorf("latest attempt %d, want %d", got, test.attempt)
			}
			if p.IP != "10.201.0.9" {
				t.Errorf("the pod lost its address: %q", p.IP)
			}
		})
	}
}

// After a restart of the node's agent, the init containers run once more and then the containers do.
func TestResumeRunsInitContainersAgain(t *testing.T) {
	pod := &corev1.Pod{
		Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways,
			InitContainers: []corev1.Container{{Name: "i"}}, Containers: []corev1.Container{{Name: "a"}}},
		Status: corev1.PodStatus{
			InitContainerStatuses: []corev1.ContainerStatus{{Name: "i", State: terminated(0)}},
			ContainerStatuses:     []corev1.ContainerStatus{{Name: "a", State: running()}},
		},
	}
	p := Resume(pod, func(string) int { return 0 }, now)
	p.SandboxUp, p.VolumesReady = true, true
	p.Begin("i", 1, "", Running{StartedAt: now})
	p.End("i", corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(now)})
	if got := Next(p, now); got.Action != StartContainer || got.Container != "a" {
		t.Errorf("next step %+v, want the start of container a", got)
	}
}

// A finished pod is not touched.
func TestResumeFinished(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}}}, Status: corev1.PodStatus{Phase: corev1.PodFailed}}
	if got := Next(Resume(pod, func(string) int { return -1 }, now), now); got.Action != Wait {
		t.Errorf("next step is %v", got.Action)
	}
}
