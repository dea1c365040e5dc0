package kubetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	nodeName      = "stand-in"
	nodeHeartbeat = 10 * time.Second
)

// RunNode adds a node to a cluster with controllers until the test ends. Nothing runs on it: it
// reports every pod it gets as running and ready, and lets deleted pods go. It is for tests of
// what controllers make of a rollout; what runs in pods is tested in the sandbox.
func (c *Cluster) RunNode(t testing.TB) {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatalf("kubetest: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		_ = client.CoreV1().Nodes().Delete(ctx, nodeName, metav1.DeleteOptions{})
	})
	if err := AddNode(ctx, c.Config); err != nil {
		t.Fatalf("kubetest: %v", err)
	}
}

// AddNode adds the node of RunNode until the context ends, for programs that are no tests. The node itself stays.
func AddNode(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("add a node: %w", err)
	}
	go heartbeat(ctx, client)

	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", nodeName).String()
	}))
	handle := func(object any) { reportPod(ctx, client, object.(*corev1.Pod)) }
	if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, object any) { handle(object) },
	}); err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	factory.Start(ctx.Done())
	return nil
}

// heartbeat keeps the node ready and free of taints.
func heartbeat(ctx context.Context, client kubernetes.Interface) {
	for {
		room := corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi"), corev1.ResourcePods: resource.MustParse("1000"),
		}
		now := metav1.Now()
		patchStatus(ctx, func(ctx context.Context, patch []byte) error {
			_, err := client.CoreV1().Nodes().Patch(ctx, nodeName, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
			return err
		}, corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "StandIn", LastHeartbeatTime: now, LastTransitionTime: now}},
		})
		select {
		case <-ctx.Done():
			return
		case <-time.After(nodeHeartbeat):
		}
	}
}

// reportPod says that a pod runs and is ready, or lets it go. A request that fails is made again
// with the pod's next change.
func reportPod(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		now := int64(0)
		_ = client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		return
	}
	if pod.Status.Phase != corev1.PodPending {
		return
	}
	started := metav1.Now()
	status := corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}}, StartTime: &started}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: started})
	}
	for _, container := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true, Started: new(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
		})
	}
	patchStatus(ctx, func(ctx context.Context, patch []byte) error {
		_, err := client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		return err
	}, status)
}

func patchStatus(ctx context.Context, patch func(context.Context, []byte) error, status any) {
	if encoded, err := json.Marshal(map[string]any{"status": status}); err == nil {
		_ = patch(ctx, encoded)
	}
}
