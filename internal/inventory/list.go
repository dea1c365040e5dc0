package inventory

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// objects lists everything from the cache.
func (c *Cache) objects(ctx context.Context) (Objects, error) {
	var (
		namespaces   corev1.NamespaceList
		services     corev1.ServiceList
		pods         corev1.PodList
		deployments  appsv1.DeploymentList
		statefulSets appsv1.StatefulSetList
		daemonSets   appsv1.DaemonSetList
		replicaSets  = metadataList("apps", "ReplicaSetList")
		jobs         = metadataList("batch", "JobList")
	)
	lists := []client.ObjectList{&namespaces, &services, &pods, &deployments, &statefulSets, &daemonSets, replicaSets, jobs}
	for _, list := range lists {
		if err := c.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return Objects{}, fmt.Errorf("list objects of cluster %s: %w", c.cluster, err)
		}
	}
	objects := Objects{Cluster: c.cluster, Namespaces: namespaces.Items, Services: services.Items, Pods: pods.Items}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		objects.Owners = append(objects.Owners, OwnerObject{"Deployment", d.ObjectMeta, wanted(d.Spec.Replicas), d.Spec.Template.Labels})
	}
	for i := range statefulSets.Items {
		s := &statefulSets.Items[i]
		objects.Owners = append(objects.Owners, OwnerObject{"StatefulSet", s.ObjectMeta, wanted(s.Spec.Replicas), s.Spec.Template.Labels})
	}
	for i := range daemonSets.Items {
		d := &daemonSets.Items[i]
		objects.Owners = append(objects.Owners, OwnerObject{"DaemonSet", d.ObjectMeta, d.Status.DesiredNumberScheduled, d.Spec.Template.Labels})
	}
	objects.Owners = append(objects.Owners, controlled(replicaSets, "ReplicaSet")...)
	objects.Owners = append(objects.Owners, controlled(jobs, "Job")...)
	return objects, c.machines.list(ctx, &objects)
}

func metadataList(group, kind string) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.APIVersion, list.Kind = group+"/v1", kind
	return list
}

// controlled are those that something else controls: they lead from a pod to it. One of its own is told by its pods.
func controlled(list *metav1.PartialObjectMetadataList, kind string) []OwnerObject {
	var owners []OwnerObject
	for i := range list.Items {
		if metav1.GetControllerOfNoCopy(&list.Items[i]) != nil {
			owners = append(owners, OwnerObject{Kind: kind, Object: list.Items[i].ObjectMeta})
		}
	}
	return owners
}

// wanted is the number of replicas asked for, of which one is Kubernetes' default.
func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}
