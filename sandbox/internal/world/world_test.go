//go:build linux

package world_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/sandbox/internal/world"
)

// The whole life of a sandbox with two clusters, for a user without any rights:
// what works together, what survives which death, and what is left at the end.
func TestTwoClusters(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	uid := os.Getuid()
	if uid == 0 {
		uid = nobody
	}
	s := newSandbox(t, uid)
	s.up(t, ctx, "--clusters", "2")
	c1, c2 := s.client(t, "c1"), s.client(t, "c2")

	t.Run("status", func(t *testing.T) { expectHealthy(t, s.status(t, ctx), 2) })
	t.Run("up again changes nothing", func(t *testing.T) {
		before := s.status(t, ctx).PID
		s.must(t, ctx, "up")
		if after := s.status(t, ctx).PID; after != before {
			t.Errorf("the supervisor was %d and is %d", before, after)
		}
		if code, _, errs := s.run(ctx, "up", "--clusters", "3"); code != 1 || !strings.Contains(errs, "runs with 2 clusters") {
			t.Errorf("up with another number of clusters: exit code %d, %s", code, errs)
		}
	})
	t.Run("kubectl", func(t *testing.T) {
		if out := s.must(t, ctx, "kubectl", "--cluster", "c2", "get", "nodes", "-o", "name"); out != "node/c2-node\n" {
			t.Errorf("kubectl says %q", out)
		}
		paths := s.must(t, ctx, "kubeconfig", "--all")
		if want := s.dir + "/c1/kubeconfig\n" + s.dir + "/c2/kubeconfig\n"; paths != want {
			t.Errorf("kubeconfigs %q, want %q", paths, want)
		}
	})

	serve(t, ctx, c1)
	balancer := serve(t, ctx, c2)
	t.Run("pods reach Services, and those of the other cluster by its load balancer", func(t *testing.T) {
		eventually(t, ctx, podIs(ctx, c1, "server", isReady))
		eventually(t, ctx, podIs(ctx, c2, "server", isReady))
		urls := []string{
			"http://server", "http://server.default.svc.cluster.local", "http://" + balancer,
			"http://10.96.0.1:443", "http://172.30.2.1:6443", // API servers, which answer that they speak TLS
		}
		create(t, ctx, c1, testPod("caller", append([]string{"call"}, urls...)...))
		eventually(t, ctx, podIs(ctx, c1, "caller", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodSucceeded }))
		logs := s.must(t, ctx, "kubectl", "logs", "caller")
		for _, url := range urls {
			if !strings.Contains(logs, url+" answers") {
				t.Errorf("the log has no answer of %s:\n%s", url, logs)
			}
		}
	})
	t.Run("kubectl exec and port-forward reach into pods", func(t *testing.T) {
		out := s.must(t, ctx, "kubectl", "exec", "server", "--", podProgram, "call", "http://127.0.0.1:8080")
		if !strings.Contains(out, "answers 127.0.0.1:") {
			t.Errorf("exec says %q", out)
		}
		if answer := s.forwarded(t, ctx, "pod/server", 8080); !strings.HasPrefix(answer, "127.0.0.1:") {
			t.Errorf("the pod sees the forwarded call from %q", answer)
		}
	})

	processes := descendants(t, s.status(t, ctx).PID)
	t.Run("pods outlive the control plane, which comes back", func(t *testing.T) {
		server := find(t, processes, podProgram+" serve")
		kill(t, find(t, processes, "control-plane --dir "+s.dir+"/c1/"))
		eventually(t, ctx, func() error {
			if status := s.status(t, ctx); status.Clusters[0].APIReady {
				return fmt.Errorf("the API server has not noticed yet")
			}
			return nil
		})
		s.must(t, ctx, "up")
		eventually(t, ctx, podIs(ctx, c1, "server", isReady))
		if commandLine(server) == "" {
			t.Error("the pod's process ended")
		}
	})
	t.Run("a cluster's first process comes back with its pods", func(t *testing.T) {
		kill(t, find(t, processes, "cluster --state-dir "+s.dir+" --cluster c2"))
		eventually(t, ctx, podIs(ctx, c2, "server", hasRestarted))
		expectHealthy(t, s.status(t, ctx), 2)
	})
	t.Run("nothing survives the supervisor, and up resumes", func(t *testing.T) {
		processes := descendants(t, s.status(t, ctx).PID)
		kubeconfig := readFile(t, s.dir+"/c1/kubeconfig")
		kill(t, processes[0])
		expectGone(t, ctx, processes)
		if status := s.status(t, ctx); status.Running || len(status.Clusters) != 2 {
			t.Errorf("status after the death: %+v", status)
		}
		s.must(t, ctx, "up")
		expectHealthy(t, s.status(t, ctx), 2)
		if readFile(t, s.dir+"/c1/kubeconfig") != kubeconfig {
			t.Error("the kubeconfig changed")
		}
		eventually(t, ctx, podIs(ctx, c1, "server", hasRestarted))
	})
	t.Run("down leaves nothing", func(t *testing.T) {
		processes := descendants(t, s.status(t, ctx).PID)
		s.must(t, ctx, "down")
		expectGone(t, ctx, processes)
		s.expectNoTrace(t)
		s.must(t, ctx, "down")
	})
}

// As root the sandbox does without user namespaces; the rest must be the same.
func TestAsRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("this needs root")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	s := newSandbox(t, 0)
	s.up(t, ctx)
	client := s.client(t, "c1")
	serve(t, ctx, client)
	eventually(t, ctx, podIs(ctx, client, "server", isReady))

	s.must(t, ctx, "down", "--keep-state")
	if status := s.status(t, ctx); status.Running {
		t.Errorf("status after down: %+v", status)
	}
	s.must(t, ctx, "up", "--clusters", "1")
	eventually(t, ctx, podIs(ctx, client, "server", hasRestarted))

	processes := descendants(t, s.status(t, ctx).PID)
	kill(t, processes[0])
	s.must(t, ctx, "down")
	expectGone(t, ctx, processes)
	s.expectNoTrace(t)
}

// An up that fails on a new directory leaves nothing, neither processes nor files.
func TestFailedUpLeavesNothing(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := newSandbox(t, os.Getuid())
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	code, _, errs := s.run(t.Context(), "up", "--host-port-base", port)
	if code != 1 || !strings.Contains(errs, "address already in use") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	s.expectNoTrace(t)
}

// Where the kernel refuses namespaces, up says so in one line that shows the way out.
func TestForbiddenNamespaces(t *testing.T) {
	s := newSandbox(t, os.Getuid())
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c",
		`echo 0 >/proc/sys/user/max_net_namespaces && exec "$0" up --state-dir "$1"`, s.program, s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Skipf("this machine forbids even the user namespace that this test is made of: %v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitUnsupported {
		t.Errorf("exit code %d, want %d", code, exitUnsupported)
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "Error: the sandbox cannot run here: ") || !strings.Contains(last, "kind create cluster") {
		t.Errorf("up says %q", lines)
	}
	s.expectNoTrace(t)
}

func expectHealthy(t *testing.T, status world.Status, clusters int) {
	t.Helper()
	if !status.Running || status.PID == 0 || len(status.Clusters) != clusters {
		t.Fatalf("status %+v, want %d running clusters", status, clusters)
	}
	for _, c := range status.Clusters {
		if !c.APIReady || !c.NodeReady || c.Error != "" {
			t.Errorf("cluster %+v is not healthy", c)
		}
		for _, part := range []string{world.PartControlPlane, world.PartNode} {
			if !hasMemory(status, c.Name, part) {
				t.Errorf("no memory of %s of %s in %+v", part, c.Name, status.Memory)
			}
		}
	}
}

func hasMemory(status world.Status, cluster, name string) bool {
	for _, part := range status.Memory {
		if part.Cluster == cluster && part.Name == name {
			return part.Processes == 1 && part.Bytes > 1<<20
		}
	}
	return false
}

// serve runs a pod behind a Service, and returns the load balancer's address.
func serve(t *testing.T, ctx context.Context, client kubernetes.Interface) (address string) {
	t.Helper()
	create(t, ctx, client, testPod("server", "serve"))
	services := client.CoreV1().Services("default")
	_, err := services.Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "server"},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeLoadBalancer,
			Selector: map[string]string{"app": "server"},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, ctx, func() error {
		service, err := services.Get(ctx, "server", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(service.Status.LoadBalancer.Ingress) == 0 {
			return fmt.Errorf("the Service has no load balancer")
		}
		address = service.Status.LoadBalancer.Ingress[0].IP
		return nil
	})
	return address
}

func testPod(name string, args ...string) *corev1.Pod {
	container := corev1.Container{Name: "main", Image: "registry.example/" + podProgram + ":v1", Args: args}
	restart := corev1.RestartPolicyNever
	if args[0] == "serve" {
		restart = corev1.RestartPolicyAlways
		container.ReadinessProbe = &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(8080)}},
			PeriodSeconds: 1,
		}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{container}, RestartPolicy: restart},
	}
}

func create(t *testing.T, ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) {
	t.Helper()
	if _, err := client.CoreV1().Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// podIs checks a condition of a pod, for eventually.
func podIs(ctx context.Context, client kubernetes.Interface, name string, condition func(*corev1.Pod) bool) func() error {
	return func() error {
		pod, err := client.CoreV1().Pods("default").Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !condition(pod) {
			return fmt.Errorf("pod %s is not as wanted: %+v", name, pod.Status)
		}
		return nil
	}
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func hasRestarted(pod *corev1.Pod) bool {
	return isReady(pod) && pod.Status.ContainerStatuses[0].RestartCount > 0
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("killing %d: %v", pid, err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
