package node

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func errString(text string) error { return errors.New(text) }

func httpGet(port int) *corev1.HTTPGetAction {
	return &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt(port)}
}

func restarts(pod *corev1.Pod) int32 {
	var count int32
	for _, status := range pod.Status.ContainerStatuses {
		count += status.RestartCount
	}
	return count
}

// nothingLeft says what a node still keeps of a pod.
func (c *cluster) nothingLeft(pod types.UID) error {
	if _, runs := c.node.runtime.Pod(string(pod)); runs {
		return errors.New("it runs")
	}
	if logs, err := c.node.runtime.Logs(string(pod), "main"); err != nil || len(logs) > 0 {
		return fmt.Errorf("logs %v: %w", logs, err)
	}
	if _, err := os.Stat(c.node.podDir(pod)); !os.IsNotExist(err) {
		return fmt.Errorf("its directory is there: %w", err)
	}
	return nil
}

// A container that fails starts again at once, then after a while, and its status tells how it ended.
func TestCrashLoop(t *testing.T) {
	c := newCluster(t)
	main := app("main", "exit", "3", "it broke")
	main.TerminationMessagePolicy = corev1.TerminationMessageFallbackToLogsOnError
	c.create("p", []corev1.Container{main})
	pod := c.wait("p", "in back-off", func(pod *corev1.Pod) bool {
		s := pod.Status.ContainerStatuses
		return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "CrashLoopBackOff"
	})
	status := pod.Status.ContainerStatuses[0]
	last := status.LastTerminationState.Terminated
	if status.RestartCount != 1 || last == nil || last.ExitCode != 3 || last.Reason != "Error" || last.Message != "it broke\n" {
		t.Errorf("status %+v, ended as %+v", status, last)
	}
	if !strings.HasPrefix(status.State.Waiting.Message, "back-off 10s restarting failed container=main pod=p_") {
		t.Errorf("message %q", status.State.Waiting.Message)
	}
	if pod.Status.Phase != corev1.PodRunning {
		t.Errorf("phase %s", pod.Status.Phase)
	}
	c.waitEvent("p", "BackOff", "Back-off restarting failed container main in pod p_")
	logs, err := c.node.runtime.Logs(string(pod.UID), "main")
	if err != nil || len(logs) != 2 {
		t.Errorf("the logs of the two attempts are %v, %v", logs, err)
	}
	var third *corev1.ContainerStateTerminated
	c.wait("p", "restarted again", func(pod *corev1.Pod) bool {
		third = pod.Status.ContainerStatuses[0].LastTerminationState.Terminated
		return restarts(pod) == 2 && third.ContainerID != last.ContainerID
	})
	if pause := third.StartedAt.Sub(last.FinishedAt.Time); pause < 9*time.Second || pause > 14*time.Second {
		t.Errorf("started again after %v", pause)
	}
}

// Pods that do not restart end as their containers did, with the last words of these.
func TestFinishedPods(t *testing.T) {
	c := newCluster(t)
	never := func(pod *corev1.Pod) { pod.Spec.RestartPolicy = corev1.RestartPolicyNever }
	c.create("good", []corev1.Container{app("main", "append", "/dev/termination-log", "all is well")}, never)
	c.create("bad", []corev1.Container{app("main", "exit", "4", "x"), app("other", "append", "/tmp/x", "x")}, never)
	c.create("noinit", []corev1.Container{app("main", "sleep")}, never, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{app("init", "exit", "5", "x")}
	})
	c.create("sidecar", []corev1.Container{app("main", "append", "/tmp/x", "x")}, never, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{sidecar("helper")}
		withShared(pod)
	})
	c.create("late", []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) {
		two := int64(2)
		pod.Spec.ActiveDeadlineSeconds = &two
	})
	good := c.waitPhase("good", corev1.PodSucceeded)
	ended := good.Status.ContainerStatuses[0].State.Terminated
	if ended == nil || ended.Reason != "Completed" || ended.Message != "all is well\n" {
		t.Errorf("ended as %+v", ended)
	}
	for _, condition := range good.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Reason != "PodCompleted" {
			t.Errorf("condition %+v", condition)
		}
	}
	bad := c.waitPhase("bad", corev1.PodFailed)
	if ended := bad.Status.ContainerStatuses[0].State.Terminated; ended == nil || ended.ExitCode != 4 || restarts(bad) > 0 {
		t.Errorf("ended as %+v after %d restarts", ended, restarts(bad))
	}
	c.waitPhase("noinit", corev1.PodFailed)
	c.waitPhase("sidecar", corev1.PodSucceeded)
	if late := c.waitPhase("late", corev1.PodFailed); late.Status.Reason != "DeadlineExceeded" {
		t.Errorf("reason %q", late.Status.Reason)
	}
	// A finished pod can still be deleted.
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "good", metav1.DeleteOptions{}))
	c.waitGone("good")
}

// A container whose liveness probe fails is killed and starts again; a readiness probe only takes it out.
func TestProbesOnNode(t *testing.T) {
	c := newCluster(t)
	alive, ready := app("alive", "serve", "8081"), app("ready", "serve", "8082")
	alive.LivenessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 2, ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(8081)}}
	ready.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 2, ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(8082)}}
	c.create("p", []corev1.Container{alive, ready})
	pod := c.waitReady("p")
	c.mustExec(pod, "ready", "append", "/tmp/sick", "x")
	pod = c.wait("p", "not ready", func(pod *corev1.Pod) bool { return !isReady(pod) })
	if restarts(pod) > 0 {
		t.Errorf("a failing readiness probe restarted the container: %s", describe(pod))
	}
	c.waitEvent("p", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
	c.mustExec(pod, "ready", "remove", "/tmp/sick")
	pod = c.waitReady("p")
	c.mustExec(pod, "alive", "append", "/tmp/sick", "x")
	pod = c.wait("p", "restarted", func(pod *corev1.Pod) bool { return restarts(pod) == 1 && isReady(pod) })
	if last := pod.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.Reason != "Error" {
		t.Errorf("ended as %+v", last)
	}
	c.waitEvent("p", "Killing", "Container alive failed liveness probe, will be restarted")
}

// A container gets the new image that its pod asks for.
func TestNewImage(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("main", "sleep")})
	c.waitReady("p")
	patch := `[{"op":"replace","path":"/spec/containers/0/image","value":"other.example.com/app:2"}]`
	_, err := c.client.CoreV1().Pods(c.namespace).Patch(t.Context(), "p", types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	c.must(err)
	c.wait("p", "restarted", func(pod *corev1.Pod) bool {
		return restarts(pod) >= 1 && isReady(pod) && pod.Status.ContainerStatuses[0].ImageID == "process://other.example.com/app:2"
	})
}

// An image without an executable, and a program that is not in it, keep their container waiting and say why.
func TestImagesThatDoNotRun(t *testing.T) {
	c := newCluster(t)
	unknown := app("main")
	unknown.Image = "docker.io/library/nginx:1.27"
	c.create("unknown", []corev1.Container{unknown})
	missing := app("main")
	missing.Command = []string{"/bin/sh", "-c", "true"}
	c.create("missing", []corev1.Container{missing})
	waits := func(reason string) func(*corev1.Pod) bool {
		return func(pod *corev1.Pod) bool {
			s := pod.Status.ContainerStatuses
			return len(s) == 1 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == reason
		}
	}
	pod := c.wait("unknown", "waiting", waits("ErrImageNeverPull"))
	message := "image docker.io/library/nginx:1.27 has no executable in this sandbox; known: app"
	if got := pod.Status.ContainerStatuses[0].State.Waiting.Message; got != message || pod.Status.Phase != corev1.PodPending {
		t.Errorf("phase %s, message %q", pod.Status.Phase, got)
	}
	c.waitEvent("unknown", "ErrImageNeverPull", message)
	pod = c.wait("missing", "waiting", waits("RunContainerError"))
	if last := pod.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 128 || last.Reason != "StartError" {
		t.Errorf("ended as %+v", last)
	}
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "unknown", metav1.DeleteOptions{}))
	c.waitGone("unknown")
}

// holds waits until the journal of a pod's container main is as wanted.
func (c *cluster) holds(pod *corev1.Pod, want string) {
	c.Helper()
	c.eventually("the journal is not as wanted", func() error {
		if got := c.mustExec(pod, "main", "cat", journal); got != want {
			return errString(fmt.Sprintf("%q", got))
		}
		return nil
	})
}

// A node that was away finds its pods again: they keep their addresses and volumes and run anew, those that
// finished stay finished, and nothing is left of those that were deleted meanwhile.
func TestNodeRestarts(t *testing.T) {
	c := newCluster(t)
	dir := filepath.Join(t.TempDir(), "node")
	begin := func() {
		node, err := startNode("c2-node", netip.MustParsePrefix("10.201.128.0/17"), 10251, dir)
		c.must(err)
		c.node = node
	}
	end := func() {
		c.node.stop()
		if err := <-c.node.done; err != nil {
			t.Errorf("the node ended: %v", err)
		}
	}
	begin()
	defer func() { end() }()
	main := app("main", "trap", journal, "main")
	c.create("kept", []corev1.Container{main}, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{app("init", "append", journal, "init")}
		withShared(pod)
	})
	c.create("gone", []corev1.Container{app("main", "sleep")})
	c.create("dying", []corev1.Container{app("main", "sleep")})
	c.create("finished", []corev1.Container{app("main", "append", "/tmp/x", "x")}, func(pod *corev1.Pod) {
		pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	})
	before, gone, finished := c.waitReady("kept"), c.waitReady("gone"), c.waitPhase("finished", corev1.PodSucceeded)
	c.waitReady("dying")
	c.holds(before, "init\nmain begins\n")
	end()

	pods, now := c.client.CoreV1().Pods(c.namespace), int64(0)
	c.must(pods.Delete(t.Context(), "gone", metav1.DeleteOptions{GracePeriodSeconds: &now}))
	c.must(pods.Delete(t.Context(), "dying", metav1.DeleteOptions{}))
	begin()

	after := c.wait("kept", "running again", func(pod *corev1.Pod) bool { return restarts(pod) == 1 && isReady(pod) })
	if after.Status.PodIP != before.Status.PodIP {
		t.Errorf("the address changed from %s to %s", before.Status.PodIP, after.Status.PodIP)
	}
	if init := after.Status.InitContainerStatuses[0]; init.RestartCount != 1 || !init.Ready {
		t.Errorf("init container status %+v", init)
	}
	c.holds(after, "init\nmain begins\nmain ends\ninit\nmain begins\n")
	if logs, err := c.node.runtime.Logs(string(after.UID), "main"); err != nil || len(logs) != 2 {
		t.Errorf("logs %v, %v", logs, err)
	}
	c.eventually("the log of the earlier attempt", func() error {
		earlier := &corev1.PodLogOptions{Container: "main", Previous: true}
		text, err := c.client.CoreV1().Pods(c.namespace).GetLogs("kept", earlier).DoRaw(t.Context())
		if err == nil && string(text) != "main\n" {
			err = errString(fmt.Sprintf("%q", text))
		}
		return err
	})
	c.waitGone("dying")
	c.eventually("the deleted pod is still there", func() error { return c.nothingLeft(gone.UID) })
	c.nodeIsForgiven()
	if again := c.get("finished"); again.ResourceVersion != finished.ResourceVersion && again.Status.Phase != corev1.PodSucceeded {
		t.Errorf("the finished pod was touched: %s", describe(again))
	}
}

// nodeIsForgiven says of the node what the cluster does when it heard nothing of it for a while, and waits
// until the node has set that right.
func (c *cluster) nodeIsForgiven() {
	c.Helper()
	nodes := c.client.CoreV1().Nodes()
	lost := `{"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"}]}}`
	_, err := nodes.Patch(c.Context(), c.node.NodeName, types.StrategicMergePatchType, []byte(lost), metav1.PatchOptions{}, "status")
	c.must(err)
	c.eventually("the node is not ready again", func() error {
		node, err := nodes.Get(c.Context(), c.node.NodeName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 0 {
				return nil
			}
		}
		return errString(fmt.Sprint(node.Status.Conditions, node.Spec.Taints))
	})
}
