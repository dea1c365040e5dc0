package migration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/meshgateway"
	"github.com/meshmanager/smm/internal/revision"
	"github.com/meshmanager/smm/internal/revision/census"
)

// injectSetting is the label, or annotation, by which a pod declines its proxy.
const injectSetting = "sidecar.istio.io/inject"

// observe reads the state of a namespace. Workloads are read before their pods: pods that are
// newer than the workloads can only show that more is done.
func observe(ctx context.Context, reader client.Reader, name string, selected func(label string) bool) (State, error) {
	namespace := &corev1.Namespace{}
	if err := reader.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil {
		return State{}, fmt.Errorf("read namespace %s: %w", name, err)
	}
	s := State{Namespace: name, Label: revision.SelectorOf(namespace.Labels), Record: readRecord(namespace.Annotations[RecordAnnotation])}
	s.Selected = selected(s.Label)
	var err error
	if s.Gateways, err = readGateways(ctx, reader, name); err != nil {
		return s, err
	}
	owners, err := readWorkloads(ctx, reader, &s)
	if err != nil {
		return s, err
	}
	return s, readPods(ctx, reader, &s, owners)
}

func readGateways(ctx context.Context, reader client.Reader, namespace string) ([]Gateway, error) {
	var list v1alpha1.IstioMeshGatewayList
	if err := reader.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list IstioMeshGateways: %w", err)
	}
	var gateways []Gateway
	for i := range list.Items {
		if _, ours := list.Items[i].Annotations[kube.OwnerAnnotation]; !ours {
			gateways = append(gateways, Gateway{Name: list.Items[i].Name, Plane: meshgateway.RevisionOf(&list.Items[i])})
		}
	}
	return gateways, nil
}

// owners tells which of the workloads the pods of a controller belong to, by the controller's UID.
type owners map[types.UID]int

func readWorkloads(ctx context.Context, reader client.Reader, s *State) (owners, error) {
	in := client.InNamespace(s.Namespace)
	var deployments appsv1.DeploymentList
	var statefulSets appsv1.StatefulSetList
	var daemonSets appsv1.DaemonSetList
	var replicaSets appsv1.ReplicaSetList
	for _, list := range []client.ObjectList{&deployments, &statefulSets, &daemonSets, &replicaSets} {
		if err := reader.List(ctx, list, in); err != nil {
			return nil, fmt.Errorf("list the workloads of namespace %s: %w", s.Namespace, err)
		}
	}
	known := owners{}
	add := func(object client.Object, w Workload) {
		known[object.GetUID()] = len(s.Workloads)
		s.Workloads = append(s.Workloads, w)
	}
	for i := range deployments.Items {
		add(&deployments.Items[i], deploymentState(&deployments.Items[i]))
	}
	for i := range statefulSets.Items {
		add(&statefulSets.Items[i], statefulSetState(&statefulSets.Items[i]))
	}
	for i := range daemonSets.Items {
		add(&daemonSets.Items[i], daemonSetState(&daemonSets.Items[i]))
	}
	for i := range replicaSets.Items {
		if owner := metav1.GetControllerOf(&replicaSets.Items[i]); owner != nil {
			if deployment, found := known[owner.UID]; found {
				known[replicaSets.Items[i].UID] = deployment
			}
		}
	}
	return known, nil
}

func readPods(ctx context.Context, reader client.Reader, s *State, known owners) error {
	var list corev1.PodList
	if err := reader.List(ctx, &list, client.InNamespace(s.Namespace)); err != nil {
		return fmt.Errorf("list the pods of namespace %s: %w", s.Namespace, err)
	}
	for i := range list.Items {
		pod := &list.Items[i]
		observed := census.PodOf(pod)
		if observed.Ended() {
			continue
		}
		seen := Pod{Name: pod.Name, InjectedBy: observed.InjectedBy(), Exempt: exempt(pod, observed)}
		if pod.DeletionTimestamp != nil {
			s.Leaving = append(s.Leaving, seen)
			continue
		}
		owner := metav1.GetControllerOf(pod)
		if owner != nil {
			if index, found := known[owner.UID]; found {
				w := &s.Workloads[index]
				w.Pods = append(w.Pods, seen)
				if trouble := troubleOf(pod); trouble != "" && !w.Settled {
					w.Waiting = trouble
				}
				continue
			}
		}
		if observed.HasProxy() {
			s.Loose = append(s.Loose, Loose{Pod: seen, Reason: looseReason(owner)})
		}
	}
	return nil
}

// exempt tells that a pod without a proxy is without one on purpose.
func exempt(pod *corev1.Pod, observed revision.Pod) bool {
	if observed.HasProxy() {
		return false
	}
	return pod.Spec.HostNetwork || pod.Labels[injectSetting] == "false" || pod.Annotations[injectSetting] == "false"
}

// troubleOf says why the containers of a pod do not run, if they say so.
func troubleOf(pod *corev1.Pod) string {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return fmt.Sprintf("pod %s is not scheduled: %s", pod.Name, condition.Message)
		}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "PodInitializing" && waiting.Reason != "ContainerCreating" {
			return strings.TrimSpace(fmt.Sprintf("container %s of pod %s: %s %s", container.Name, pod.Name, waiting.Reason, waiting.Message))
		}
	}
	return ""
}

func looseReason(owner *metav1.OwnerReference) string {
	switch {
	case owner == nil:
		return "no controller makes it anew: delete and create it yourself"
	case owner.Kind == "Job":
		return fmt.Sprintf("it belongs to Job %s and ends by itself", owner.Name)
	default:
		return fmt.Sprintf("it belongs to %s %s, which this command does not restart: restart it yourself", owner.Kind, owner.Name)
	}
}
