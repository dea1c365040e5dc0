package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// returnTimeout is how long a cluster may take until it works again after a part of it was killed.
const returnTimeout = 2 * time.Minute

func TestPodsRunOnWhenTheControlPlaneIsKilled(t *testing.T) {
	awaitQuiet(t)
	loadBefore := loadState(t)
	processes, err := box.Processes()
	if err != nil {
		t.Fatal(err)
	}
	before := containers(t)
	killed := kill(t, processes, "control-plane")
	start := time.Now()
	sandboxtest.Eventually(t, returnTimeout, "a new API server answers", func() error {
		if _, err := kubernetesClient(t).CoreV1().Pods(demoNamespace).List(t.Context(), metav1.ListOptions{}); err != nil {
			return err
		}
		return demoWorks(t)
	})
	t.Logf("the API server was back and the demo answered through it %d ms after the control plane was killed", time.Since(start).Milliseconds())
	if diff := cmp.Diff(before, containers(t), cmp.AllowUnexported(containerRun{})); diff != "" {
		t.Errorf("containers have changed:\n%s", diff)
	}
	if after := loadState(t); after.Sent == loadBefore.Sent || after.Failed != loadBefore.Failed {
		t.Errorf("without the control plane, calls of the demo failed: before %+v, after %+v", loadBefore, after)
	}
	now, err := sandboxtest.ReadProcesses()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range now {
		delete(processes, p)
	}
	delete(processes, killed)
	if len(processes) != 0 {
		t.Errorf("other processes have ended, too: %v", processes)
	}
	createPod(t, program(t, newNamespace(t), "later"), "is ready", sandboxtest.IsReady)
}

func TestPodsComeBackWhenTheWholeNodeIsKilled(t *testing.T) {
	processes, err := box.Processes()
	if err != nil {
		t.Fatal(err)
	}
	before := containers(t)
	kill(t, processes, "--cluster c1")
	start := time.Now()
	sandboxtest.Eventually(t, returnTimeout, "all demo pods are ready again, each after a restart", func() error {
		pods, err := kubernetesClient(t).CoreV1().Pods(demoNamespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			for _, status := range pod.Status.ContainerStatuses {
				was, known := before[string(pod.UID)+"/"+status.Name]
				if !known {
					t.Fatalf("pod %s was made anew", pod.Name)
				}
				if status.RestartCount <= was.restarts || !status.Ready {
					return fmt.Errorf("container %s of %s: ready %t, %d restarts", status.Name, pod.Name, status.Ready, status.RestartCount)
				}
			}
		}
		return demoWorks(t)
	})
	t.Logf("the demo answered again %.1f s after the node with all its pods and the control plane was killed", time.Since(start).Seconds())
	if out := kubectl(t, "", "logs", "--previous", "-n", demoNamespace, demoPod(t, "catalog", "v1").Name, "-c", "catalog"); !strings.Contains(out, `"msg":"starting"`) {
		t.Errorf("the log from before the restart is lost: %q", out)
	}
}

// loadState is what the load generator has done so far.
func loadState(t *testing.T) load.State {
	t.Helper()
	body, err := sandboxtest.Get(t.Context(), forward(t, demoNamespace, demoPod(t, "bombardier", "v1").Name, controlPort), "/load", nil)
	if err != nil {
		t.Fatal(err)
	}
	var state load.State
	if err := json.Unmarshal(body, &state); err != nil {
		t.Fatal(err)
	}
	return state
}

// containerRun is one run of a container.
type containerRun struct {
	id       string
	restarts int32
	started  string
}

// containers lists the running containers of the demo application by pod and name.
func containers(t *testing.T) map[string]containerRun {
	t.Helper()
	all := map[string]containerRun{}
	for _, pod := range box.Pods(t, demoNamespace, "") {
		for _, status := range pod.Status.ContainerStatuses {
			if status.State.Running == nil {
				t.Fatalf("container %s of pod %s does not run", status.Name, pod.Name)
			}
			all[string(pod.UID)+"/"+status.Name] = containerRun{status.ContainerID, status.RestartCount, status.State.Running.StartedAt.String()}
		}
	}
	if len(all) == 0 {
		t.Fatal("the demo application has no containers")
	}
	return all
}

// kill kills the one process of the sandbox whose command has the words.
func kill(t *testing.T, processes map[sandboxtest.Process]bool, words string) sandboxtest.Process {
	t.Helper()
	var matching []sandboxtest.Process
	for p := range maps.Keys(processes) {
		if strings.Contains(p.Command, words) {
			matching = append(matching, p)
		}
	}
	if len(matching) != 1 {
		t.Fatalf("%d processes with %q, want 1: %v", len(matching), words, matching)
	}
	if err := syscall.Kill(matching[0].ID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	return matching[0]
}

// demoWorks makes one call through the demo application.
func demoWorks(t *testing.T) error {
	t.Helper()
	pods, err := kubernetesClient(t).CoreV1().Pods(demoNamespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=catalog"})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pods.Items, func(pod corev1.Pod) bool { return sandboxtest.IsReady(&pod) })
	if i < 0 {
		return errors.New("no pod of catalog is ready")
	}
	address, err := box.Forward(t, demoNamespace, pods.Items[i].Name, controlPort)
	if err != nil {
		return err
	}
	report, err := sandboxtest.Caller{T: t, Address: address}.Try("grpc://movies:8082", 1)
	if err == nil && report.ByIdentity[sandboxtest.Identity(demoNamespace, "movies")] != 1 {
		err = fmt.Errorf("%v %v", report.Errors, report.Messages)
	}
	return err
}
