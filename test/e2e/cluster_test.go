package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	istioclient "istio.io/client-go/pkg/clientset/versioned"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// What `smm install -a` and the demo application make.
const (
	controlPlane          = "cp-v131x"
	controlPlaneNamespace = "istio-system"
	demoNamespace         = "smm-demo"
)

func kubernetesClient(t *testing.T) kubernetes.Interface {
	t.Helper()
	return box.Kubernetes(t)
}

func istioClient(t *testing.T) istioclient.Interface {
	t.Helper()
	client, err := istioclient.NewForConfig(box.Config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// productClient knows the product's kinds and Kubernetes' own.
func productClient(t *testing.T) client.Client {
	t.Helper()
	scheme, err := api.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(box.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newNamespace makes a namespace for the length of the test.
func newNamespace(t *testing.T) string {
	t.Helper()
	client := kubernetesClient(t)
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), sandboxtest.Patience)
		defer cancel()
		if err := client.CoreV1().Namespaces().Delete(ctx, namespace.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	// The controller manager may have been killed by an earlier test: another one leads when its lease has ended.
	sandboxtest.Eventually(t, 2*time.Minute, "the namespace has its default service account", func() error {
		_, err := client.CoreV1().ServiceAccounts(namespace.Name).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return namespace.Name
}

// awaitQuiet waits until the namespaces of earlier tests are gone, with their pods.
func awaitQuiet(t *testing.T) {
	t.Helper()
	sandboxtest.Eventually(t, time.Minute, "no namespace is about to go", func() error {
		namespaces, err := kubernetesClient(t).CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, namespace := range namespaces.Items {
			if namespace.DeletionTimestamp != nil {
				return fmt.Errorf("%s is: %v", namespace.Name, namespace.Status.Conditions)
			}
		}
		return nil
	})
}

// createPod makes the pod and waits until the condition about it holds.
func createPod(t *testing.T, pod *corev1.Pod, what string, condition func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	client := kubernetesClient(t).CoreV1().Pods(pod.Namespace)
	if _, err := client.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Eventually(t, sandboxtest.Patience, fmt.Sprintf("pod %s %s", pod.Name, what), func() error {
		now, err := client.Get(t.Context(), pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		pod = now
		if !condition(pod) {
			return errors.New(describe(pod))
		}
		return nil
	})
	return pod
}

// describe tells what a pod's containers do.
func describe(pod *corev1.Pod) string {
	text := string(pod.Status.Phase)
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		text += fmt.Sprintf("; %s: ready %t, %d restarts", status.Name, status.Ready, status.RestartCount)
		if waiting := status.State.Waiting; waiting != nil {
			text += ", " + waiting.Reason + ": " + waiting.Message
		}
		if last := status.LastTerminationState.Terminated; last != nil {
			text += fmt.Sprintf(", last ended with %s %d: %s", last.Reason, last.ExitCode, last.Message)
		}
	}
	return text
}

// deletePod deletes the pod and waits until it is gone.
func deletePod(t *testing.T, namespace, name string) {
	t.Helper()
	client := kubernetesClient(t).CoreV1().Pods(namespace)
	if err := client.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	sandboxtest.Eventually(t, sandboxtest.Patience, "pod "+name+" is gone", func() error {
		_, err := client.Get(t.Context(), name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there: %w", err)
	})
}

// forward opens a port of a pod on 127.0.0.1 for the length of the test and returns the local address.
func forward(t *testing.T, namespace, pod string, port int) string {
	t.Helper()
	address, err := box.Forward(t, namespace, pod, port)
	if err != nil {
		t.Fatal(err)
	}
	return address
}
