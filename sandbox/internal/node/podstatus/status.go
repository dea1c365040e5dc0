// Package podstatus turns what a node knows about a pod into the status that the API server shows.
package podstatus

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	qos "k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// Of computes a pod's status: the object's present one with all that the node is responsible for replaced.
// What others wrote, such as the conditions of readiness gates, stays.
func Of(p *podstate.Pod, hostIP string) corev1.PodStatus {
	status := *p.Object.Status.DeepCopy()
	status.ObservedGeneration = p.Object.Generation
	status.StartTime = &metav1.Time{Time: p.StartedAt}
	status.QOSClass = qos.ComputePodQOS(p.Object)
	status.HostIP, status.HostIPs = hostIP, []corev1.HostIP{{IP: hostIP}}
	status.PodIP, status.PodIPs = "", nil
	if p.IP != "" {
		status.PodIP, status.PodIPs = p.IP, []corev1.PodIP{{IP: p.IP}}
	}
	status.InitContainerStatuses = containerStatuses(p, p.Object.Spec.InitContainers)
	status.ContainerStatuses = containerStatuses(p, p.Object.Spec.Containers)
	status.Phase = phase(p)
	status.Reason, status.Message = "", ""
	if p.Failure != nil {
		status.Phase, status.Reason, status.Message = corev1.PodFailed, p.Failure.Reason, p.Failure.Message
	}
	setConditions(p, &status)
	return status
}

// Carry puts a status computed for an older version of the pod's object onto a newer one: conditions of
// others, and the times of transitions, are taken from the newer.
func Carry(computed, newer corev1.PodStatus) corev1.PodStatus {
	merged := *newer.DeepCopy()
	merged.ObservedGeneration = max(computed.ObservedGeneration, newer.ObservedGeneration)
	merged.StartTime, merged.QOSClass = computed.StartTime, computed.QOSClass
	merged.HostIP, merged.HostIPs = computed.HostIP, computed.HostIPs
	merged.PodIP, merged.PodIPs = computed.PodIP, computed.PodIPs
	merged.Phase, merged.Reason, merged.Message = computed.Phase, computed.Reason, computed.Message
	merged.InitContainerStatuses = computed.InitContainerStatuses
	merged.ContainerStatuses = computed.ContainerStatuses
	for _, condition := range computed.Conditions {
		if isOwn(condition.Type) {
			setCondition(&merged, condition)
		}
	}
	return merged
}
