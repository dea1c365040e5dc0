package e2e

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

func TestLogsOfADemoPod(t *testing.T) {
	pod := demoPod(t, "catalog", "v1")
	out := kubectl(t, "", "logs", "-n", demoNamespace, pod.Name, "-c", "catalog")
	if !strings.Contains(out, `"msg":"starting"`) || !strings.Contains(out, `"service":"catalog"`) {
		t.Errorf("the log does not begin with the program's start:\n%s", out)
	}
	if last := kubectl(t, "", "logs", "-n", demoNamespace, pod.Name, "-c", "catalog", "--tail=1"); strings.Count(last, "\n") != 1 {
		t.Errorf("--tail=1 prints %q", last)
	}
}

func TestLogsFollowAContainerToItsEnd(t *testing.T) {
	namespace := newNamespace(t)
	createPod(t, program(t, namespace, "server"), "is ready", sandboxtest.IsReady)
	logs := startKubectl(t, "logs", "-f", "-n", namespace, "server")
	lines := bufio.NewScanner(logs.out)
	expect := func(message string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"msg":"`+message+`"`) {
				return
			}
		}
		t.Fatalf("no line %q: %v", message, lines.Err())
	}
	expect("starting")
	start := time.Now()
	deletePod(t, namespace, "server")
	expect("stopping")
	select {
	case <-logs.ended:
		if logs.err != nil {
			t.Error(logs.err)
		}
	case <-time.After(sandboxtest.Patience):
		t.Error("kubectl logs -f does not end with the container")
	}
	t.Logf("the pod was gone %d ms after it was deleted", time.Since(start).Milliseconds())
}

func TestLogsOfARestartedContainer(t *testing.T) {
	namespace := newNamespace(t)
	pod := createPod(t, program(t, namespace, "broken", corev1.EnvVar{Name: "LOG_LEVEL", Value: "nonsense"}), "has restarted", func(pod *corev1.Pod) bool {
		return len(pod.Status.ContainerStatuses) == 1 && pod.Status.ContainerStatuses[0].RestartCount >= 1 && pod.Status.ContainerStatuses[0].State.Waiting != nil
	})
	status := pod.Status.ContainerStatuses[0]
	if status.State.Waiting.Reason != "CrashLoopBackOff" {
		t.Errorf("it waits for %s, want CrashLoopBackOff", status.State.Waiting.Reason)
	}
	if last := status.LastTerminationState.Terminated; last == nil || last.ExitCode != 1 || last.Reason != "Error" {
		t.Errorf("its last termination is %+v, want exit code 1 and reason Error", last)
	}
	if out := kubectl(t, "", "logs", "--previous", "-n", namespace, "broken"); !strings.Contains(out, "LOG_LEVEL") {
		t.Errorf("the log of the previous container does not tell what is wrong:\n%s", out)
	}
}

func TestExecRunsInTheContainer(t *testing.T) {
	pod := demoPod(t, "catalog", "v1")
	exec := func(args ...string) (string, error) {
		return tryKubectl(t, "", append([]string{"exec", "-n", demoNamespace, pod.Name, "-c", "istio-proxy", "--"}, args...)...)
	}
	out, err := exec("pilot-agent", "version", "--short")
	if err != nil || !strings.Contains(out, "1.31") {
		t.Errorf("pilot-agent version: %q, %v", out, err)
	}
	if _, err := exec("pilot-agent", "nonsense"); err == nil || !strings.Contains(err.Error(), "exit code") {
		t.Errorf("a command that fails: %v", err)
	}
	if _, err := exec("no-such-program"); err == nil {
		t.Error("a program that does not exist succeeds")
	}
}

func TestPortForward(t *testing.T) {
	pod := demoPod(t, "catalog", "v1")
	forwarding := startKubectl(t, "port-forward", "-n", demoNamespace, "pod/"+pod.Name, fmt.Sprintf(":%d", controlPort))
	line, err := bufio.NewReader(forwarding.out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "Forwarding from 127.0.0.1:%d", &port); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, forwarding.out) }()
	for range 3 {
		if _, err := sandboxtest.Get(t.Context(), fmt.Sprintf("127.0.0.1:%d", port), "/healthz", nil); err != nil {
			t.Error(err)
		}
	}
}

func TestAnUnknownImageWaitsWithAReason(t *testing.T) {
	namespace := newNamespace(t)
	const image = "registry.example.org/unknown:1"
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "unknown"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	const reason = "ErrImageNeverPull"
	createPod(t, pod, "waits with reason "+reason, func(pod *corev1.Pod) bool {
		for _, status := range pod.Status.ContainerStatuses {
			if status.State.Waiting != nil && status.State.Waiting.Reason == reason {
				return pod.Status.Phase == corev1.PodPending
			}
		}
		return false
	})
	sandboxtest.Eventually(t, sandboxtest.Patience, "an event names the image", func() error {
		events, err := kubernetesClient(t).CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=unknown"})
		if err != nil {
			return err
		}
		for _, event := range events.Items {
			if event.Reason == reason && event.Type == corev1.EventTypeWarning && strings.Contains(event.Message, image) {
				return nil
			}
		}
		return fmt.Errorf("%d other events", len(events.Items))
	})
}
