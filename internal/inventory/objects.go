package inventory

import (
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NamespaceObject is a namespace as the API server has it.
type NamespaceObject = corev1.Namespace

// ServiceObject is a service as the API server has it.
type ServiceObject = corev1.Service

// PodObject is a pod as the API server has it.
type PodObject = corev1.Pod

// GroupObject is a WorkloadGroup as the API server has it.
type GroupObject = *networkingv1.WorkloadGroup

// EntryObject is a WorkloadEntry as the API server has it.
type EntryObject = *networkingv1.WorkloadEntry

// OwnerObject is what controls pods: a Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob.
type OwnerObject struct {
	Kind   string
	Object metav1.ObjectMeta
	// Wanted is the number of pods asked for.
	Wanted int32
	// Template has the labels of its pods.
	Template map[string]string
}
