package node

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// withShared gives all containers of a pod the directory /shared.
func withShared(pod *corev1.Pod) {
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	mount := corev1.VolumeMount{Name: "shared", MountPath: "/shared"}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			list[i].VolumeMounts = append(list[i].VolumeMounts, mount)
		}
	}
}

func execHandler(args ...string) *corev1.LifecycleHandler {
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: append([]string{programName}, args...)}}
}

const journal = "/shared/journal"

// sidecar is a container that runs beside its pod's containers.
func sidecar(name string) corev1.Container {
	always := corev1.ContainerRestartPolicyAlways
	c := app(name, "trap", journal, name)
	c.RestartPolicy = &always
	return c
}

// Init containers run one after the other, a sidecar once it has started; a postStart hook holds back the next container.
func TestContainersStartInOrder(t *testing.T) {
	c := newCluster(t)
	first, second := app("first", "trap", journal, "first"), app("second", "trap", journal, "second")
	first.Lifecycle = &corev1.Lifecycle{PostStart: execHandler("pause", "300", journal, "hook")}
	helper := sidecar("helper")
	helper.StartupProbe = &corev1.Probe{PeriodSeconds: 1, TimeoutSeconds: 10, FailureThreshold: 30,
		ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{programName, "exists", journal}}}}
	c.create("p", []corev1.Container{first, second}, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{
			app("one", "pause", "200", journal, "one"), helper, app("two", "pause", "200", journal, "two")}
		withShared(pod)
	})
	pod := c.waitReady("p")
	var lines []string
	c.eventually("not all containers have begun", func() error {
		text := c.mustExec(pod, "first", "cat", journal)
		lines = strings.Split(strings.TrimSpace(text), "\n")
		if len(lines) < 9 {
			return errString(text)
		}
		return nil
	})
	// The sidecar and its followers run at the same time; so do a container and its own hook.
	at := func(line string) int {
		for i := range lines {
			if lines[i] == line {
				return i
			}
		}
		t.Fatalf("%q is missing in %q", line, lines)
		return -1
	}
	for _, order := range [][2]string{
		{"one begins", "one ends"}, {"one ends", "helper begins"}, {"one ends", "two begins"}, {"two ends", "first begins"},
		{"two ends", "hook begins"}, {"hook ends", "second begins"},
	} {
		if at(order[0]) >= at(order[1]) {
			t.Errorf("%q comes not before %q: %q", order[0], order[1], lines)
		}
	}
	for _, status := range pod.Status.InitContainerStatuses {
		if !status.Ready {
			t.Errorf("init container status %+v", status)
		}
	}
}

// A deleted pod's containers get their preStop hook and SIGTERM; its sidecar ends last; then the object goes.
func TestDeletion(t *testing.T) {
	c := newCluster(t)
	main := app("main", "trap", journal, "main")
	main.Lifecycle = &corev1.Lifecycle{PreStop: execHandler("append", journal, "hook")}
	pod := c.create("p", []corev1.Container{main}, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{sidecar("helper")}
		// What is written outlives the pod, where the test can read it.
		pod.Spec.Volumes = []corev1.Volume{{Name: "shared", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: "/" + c.namespace}}}}
		mount := corev1.VolumeMount{Name: "shared", MountPath: "/shared"}
		pod.Spec.InitContainers[0].VolumeMounts = []corev1.VolumeMount{mount}
		pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount}
	})
	read := func() string { return string(head(c.node.hostPathDir()+"/"+c.namespace+"/journal", 1000)) }
	c.eventually("the containers have not begun", func() error {
		if text := read(); !strings.Contains(text, "main begins") || !strings.Contains(text, "helper begins") {
			return errString(text)
		}
		return nil
	})
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}))
	c.waitGone("p")
	if got := read(); !strings.HasSuffix(got, "hook\nmain ends\nhelper ends\n") {
		t.Errorf("order: %q", got)
	}
	c.waitEvent("p", "Killing", "Stopping container main")
	c.eventually("the pod's files stay", func() error { return c.nothingLeft(pod.UID) })
}

// A container that does not listen is killed when its time is over; a second deletion may shorten the time.
func TestGraceIsShortened(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("deaf", "deaf")}, func(pod *corev1.Pod) {
		long := int64(600)
		pod.Spec.TerminationGracePeriodSeconds = &long
	})
	pod := c.waitReady("p")
	c.eventually("the container still listens", func() error {
		_, err := c.exec(pod, "deaf", "exists", "/tmp/deaf")
		return err
	})
	pods := c.client.CoreV1().Pods(c.namespace)
	c.must(pods.Delete(t.Context(), "p", metav1.DeleteOptions{}))
	c.waitEvent("p", "Killing", "Stopping container deaf")
	short := int64(1)
	c.must(pods.Delete(t.Context(), "p", metav1.DeleteOptions{GracePeriodSeconds: &short}))
	c.waitGone("p")
}

// A pod that is deleted by force leaves nothing behind on the node.
func TestForcedDeletion(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("main", "sleep")})
	pod := c.waitReady("p")
	now := int64(0)
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "p", metav1.DeleteOptions{GracePeriodSeconds: &now}))
	c.eventually("the pod still runs", func() error { return c.nothingLeft(pod.UID) })
}

// A pod can be deleted while a hook or an init container blocks it.
func TestDeletionWhileStarting(t *testing.T) {
	c := newCluster(t)
	hooked := app("main", "sleep")
	hooked.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 600}}}
	pods := map[string]*corev1.Pod{}
	pods["main"] = c.create("hooked", []corev1.Container{hooked}, func(pod *corev1.Pod) {
		long := int64(700)
		pod.Spec.TerminationGracePeriodSeconds = &long
	})
	pods["init"] = c.create("initializing", []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{app("init", "sleep")}
	})
	for container, pod := range pods {
		// A signal that comes before a program's first instruction is lost.
		c.eventually("the program does not run", func() error {
			_, err := c.exec(pod, container, "exists", "/tmp/up")
			return err
		})
		c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}))
	}
	c.waitGone("hooked")
	c.waitGone("initializing")
}

// A hook that fails ends its container, and a preStop hook that fails does not keep it from ending.
func TestFailingHooks(t *testing.T) {
	c := newCluster(t)
	start, stop := app("main", "sleep"), app("main", "sleep")
	start.Lifecycle = &corev1.Lifecycle{PostStart: execHandler("exit", "5", "no")}
	stop.Lifecycle = &corev1.Lifecycle{PreStop: execHandler("exit", "6", "no")}
	c.create("start", []corev1.Container{start})
	c.create("stop", []corev1.Container{stop})
	c.waitEvent("start", "FailedPostStartHook", "exited with 5: no")
	c.wait("start", "restarted", func(pod *corev1.Pod) bool { return restarts(pod) > 0 })
	c.waitReady("stop")
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "stop", metav1.DeleteOptions{}))
	c.waitGone("stop")
	c.waitEvent("stop", "FailedPreStopHook", "exited with 6: no")
}

// A hook may be a request to the container.
func TestHTTPHook(t *testing.T) {
	c := newCluster(t)
	main := app("main", "serve", "8080")
	// The server needs a moment; until then the hook fails and the container starts again.
	main.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{HTTPGet: httpGet(8080)}}
	main.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(8080)}}
	c.create("p", []corev1.Container{main})
	c.waitReady("p")
	c.must(c.client.CoreV1().Pods(c.namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}))
	c.waitGone("p")
	events, err := c.client.CoreV1().Events(c.namespace).List(t.Context(), metav1.ListOptions{})
	c.must(err)
	for _, e := range events.Items {
		if e.Reason == eventPreStopFailed {
			t.Errorf("the hook failed: %s", e.Message)
		}
	}
}

// A pod on the node's network has the node's address.
func TestHostNetwork(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("main", "env", "HOSTNAME")}, func(pod *corev1.Pod) {
		pod.Spec.HostNetwork = true
		pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	})
	pod := c.waitPhase("p", corev1.PodSucceeded)
	if pod.Status.PodIP != "10.201.0.1" || pod.Status.HostIP != "10.201.0.1" {
		t.Errorf("pod address %s, host address %s", pod.Status.PodIP, pod.Status.HostIP)
	}
}

// A readiness gate keeps a pod from being ready, and its condition survives the node's own writes.
func TestReadinessGateOnNode(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("main", "sleep")}, func(pod *corev1.Pod) {
		pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
	})
	pod := c.wait("p", "running", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning })
	if isReady(pod) {
		t.Error("ready with a closed gate")
	}
	patch := `{"status":{"conditions":[{"type":"example.com/gate","status":"True"}]}}`
	_, err := c.client.CoreV1().Pods(c.namespace).Patch(t.Context(), "p", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	c.must(err)
	c.waitReady("p")
}

// Debugging with an ephemeral container is refused in so many words.
func TestEphemeralContainerIsRefused(t *testing.T) {
	c := newCluster(t)
	c.create("p", []corev1.Container{app("main", "sleep")})
	pod := c.waitReady("p")
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "debug", Image: "app", TerminationMessagePolicy: corev1.TerminationMessageReadFile, ImagePullPolicy: corev1.PullNever}}}
	_, err := c.client.CoreV1().Pods(c.namespace).UpdateEphemeralContainers(t.Context(), "p", pod, metav1.UpdateOptions{})
	c.must(err)
	c.waitEvent("p", "EphemeralContainerRefused", "debug")
}

// Forty pods start in well under fourteen seconds.
func TestManyPodsStartFast(t *testing.T) {
	c := newCluster(t)
	const count = 40
	began := time.Now()
	for i := range count {
		c.create("p-"+string(rune('a'+i/10))+string(rune('0'+i%10)), []corev1.Container{app("main", "sleep")})
	}
	c.eventually("not all pods are ready", func() error {
		pods, err := c.client.CoreV1().Pods(c.namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range pods.Items {
			if !isReady(&pods.Items[i]) {
				return errString(pods.Items[i].Name + ": " + describe(&pods.Items[i]))
			}
		}
		return nil
	})
	took := time.Since(began)
	t.Logf("%d pods ready after %v", count, took.Round(time.Millisecond))
	// An idle machine with two processors takes about three seconds.
	if took > 30*time.Second {
		t.Errorf("%d pods took %v", count, took)
	}
}
