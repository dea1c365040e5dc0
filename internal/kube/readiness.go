package kube

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// DeploymentReady tells whether the latest specification of the Deployment is rolled out and
// available, and if not, what it waits for. It judges as kubectl rollout status does.
func DeploymentReady(d *appsv1.Deployment) (ready bool, reason string) {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	name := "Deployment " + d.Namespace + "/" + d.Name
	switch {
	case d.Status.ObservedGeneration < d.Generation:
		return false, name + " is not observed yet"
	case ProgressDeadlineExceeded(d):
		return false, name + " exceeded its progress deadline"
	case d.Status.UpdatedReplicas < wanted:
		return false, fmt.Sprintf("%s has %d of %d updated replicas", name, d.Status.UpdatedReplicas, wanted)
	case d.Status.Replicas > d.Status.UpdatedReplicas:
		return false, fmt.Sprintf("%s has %d old replicas to stop", name, d.Status.Replicas-d.Status.UpdatedReplicas)
	case d.Status.AvailableReplicas < d.Status.UpdatedReplicas:
		return false, fmt.Sprintf("%s has %d of %d available replicas", name, d.Status.AvailableReplicas, d.Status.UpdatedReplicas)
	}
	return true, ""
}

// ProgressDeadlineExceeded tells that the Deployment's controller has given its latest roll-out up.
func ProgressDeadlineExceeded(d *appsv1.Deployment) bool {
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse {
			return condition.Reason == "ProgressDeadlineExceeded"
		}
	}
	return false
}

// DaemonSetReady tells whether the latest specification of the DaemonSet is rolled out and
// available on every node that it is for, and if not, what it waits for.
func DaemonSetReady(d *appsv1.DaemonSet) (ready bool, reason string) {
	wanted := d.Status.DesiredNumberScheduled
	name := "DaemonSet " + d.Namespace + "/" + d.Name
	switch {
	case d.Status.ObservedGeneration < d.Generation:
		return false, name + " is not observed yet"
	case d.Status.UpdatedNumberScheduled < wanted && d.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType:
		return false, fmt.Sprintf("%s has %d of %d updated pods", name, d.Status.UpdatedNumberScheduled, wanted)
	case d.Status.NumberAvailable < wanted:
		return false, fmt.Sprintf("%s has %d of %d available pods", name, d.Status.NumberAvailable, wanted)
	}
	return true, ""
}

// StatefulSetReady tells whether the latest specification of the StatefulSet is rolled out, as far
// as its update strategy goes, and available, and if not, what it waits for.
func StatefulSetReady(s *appsv1.StatefulSet) (ready bool, reason string) {
	wanted := int32(1)
	if s.Spec.Replicas != nil {
		wanted = *s.Spec.Replicas
	}
	updated, name := wanted, "StatefulSet "+s.Namespace+"/"+s.Name
	strategy := s.Spec.UpdateStrategy
	if strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil {
		updated = max(0, wanted-*strategy.RollingUpdate.Partition)
	}
	if strategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		updated = 0
	}
	switch {
	case s.Status.ObservedGeneration < s.Generation:
		return false, name + " is not observed yet"
	case s.Status.UpdatedReplicas < updated:
		return false, fmt.Sprintf("%s has %d of %d updated pods", name, s.Status.UpdatedReplicas, updated)
	case s.Status.AvailableReplicas < wanted:
		return false, fmt.Sprintf("%s has %d of %d available pods", name, s.Status.AvailableReplicas, wanted)
	}
	return true, ""
}
