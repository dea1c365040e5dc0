package podstatus

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
	kubelet "k8s.io/kubernetes/pkg/kubelet/status"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// isOwn says that it is the node that writes a condition.
func isOwn(kind corev1.PodConditionType) bool {
	switch kind {
	case corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled:
		return true
	}
	return false
}

func setConditions(p *podstate.Pod, status *corev1.PodStatus) {
	pod, old := p.Object, &p.Object.Status
	all := append(append([]corev1.ContainerStatus{}, status.InitContainerStatuses...), status.ContainerStatuses...)
	network := corev1.PodCondition{Type: corev1.PodReadyToStartContainers, ObservedGeneration: pod.Generation, Status: corev1.ConditionFalse}
	if p.SandboxUp {
		network.Status = corev1.ConditionTrue
	}
	setCondition(status, network)
	setCondition(status, kubelet.GeneratePodInitializedCondition(pod, old, all, status.Phase))
	setCondition(status, kubelet.GeneratePodReadyCondition(pod, old, status.Conditions, all, status.Phase))
	setCondition(status, kubelet.GenerateContainersReadyCondition(pod, old, all, status.Phase))
	setCondition(status, corev1.PodCondition{Type: corev1.PodScheduled, ObservedGeneration: pod.Generation, Status: corev1.ConditionTrue})
}

// setCondition adds or replaces a condition. It keeps the time of the last transition where the
// condition's status stays the same.
func setCondition(status *corev1.PodStatus, condition corev1.PodCondition) {
	at, present := podutil.GetPodCondition(status, condition.Type)
	if present == nil {
		if condition.LastTransitionTime.IsZero() {
			condition.LastTransitionTime = metav1.Now()
		}
		status.Conditions = append(status.Conditions, condition)
		return
	}
	if present.Status == condition.Status {
		condition.LastTransitionTime = present.LastTransitionTime
	} else if condition.LastTransitionTime.IsZero() {
		condition.LastTransitionTime = metav1.Now()
	}
	status.Conditions[at] = condition
}
