package migration

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

func deploymentState(d *appsv1.Deployment) Workload {
	w := Workload{Kind: "Deployment", Name: d.Name, RestartedFor: d.Spec.Template.Annotations[RestartAnnotation]}
	w.Settled, w.Waiting = kube.DeploymentReady(d)
	if kube.ProgressDeadlineExceeded(d) && d.Status.ObservedGeneration >= d.Generation {
		w.Failed = "its roll-out exceeded its progress deadline"
	}
	for _, condition := range d.Status.Conditions {
		if refused := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue; refused && !w.Settled {
			w.Waiting = "its pods cannot be made: " + condition.Message
		}
	}
	if d.Spec.Paused {
		w.Fixed = "it is paused: resume it, and repeat the command"
	}
	return withGateway(w, d)
}

func statefulSetState(s *appsv1.StatefulSet) Workload {
	w := Workload{Kind: "StatefulSet", Name: s.Name, RestartedFor: s.Spec.Template.Annotations[RestartAnnotation]}
	w.Settled, w.Waiting = kube.StatefulSetReady(s)
	switch strategy := s.Spec.UpdateStrategy; {
	case strategy.Type == appsv1.OnDeleteStatefulSetStrategyType:
		w.Fixed = onDelete
	case strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil && *strategy.RollingUpdate.Partition > 0:
		w.Fixed = fmt.Sprintf("its updates stop at partition %d: set it to 0, and repeat the command", *strategy.RollingUpdate.Partition)
	}
	return withGateway(w, s)
}

func daemonSetState(d *appsv1.DaemonSet) Workload {
	w := Workload{Kind: "DaemonSet", Name: d.Name, RestartedFor: d.Spec.Template.Annotations[RestartAnnotation]}
	w.Settled, w.Waiting = kube.DaemonSetReady(d)
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		w.Fixed = onDelete
	}
	return withGateway(w, d)
}

const onDelete = "its update strategy is OnDelete: delete its pods yourself"

// withGateway leaves the pods of an IstioMeshGateway to the reconciler of gateways.
func withGateway(w Workload, object client.Object) Workload {
	if owner := object.GetAnnotations()[kube.OwnerAnnotation]; owner == (kube.Owner{
		Kind: v1alpha1.KindIstioMeshGateway, Namespace: object.GetNamespace(), Name: object.GetName(),
	}).String() {
		w.Fixed = "its IstioMeshGateway makes its pods anew when it is reconciled"
	}
	return w
}

// templateOf is where the annotations of a workload's pods are.
func templateOf(object client.Object) *corev1.PodTemplateSpec {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *appsv1.DaemonSet:
		return &o.Spec.Template
	}
	return nil
}
