package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// childDir tells the test program to be a control plane with that directory.
const childDir = "SMM_TEST_CONTROL_PLANE_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := runChild(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func runChild(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return Run(ctx, Config{Dir: dir, Controllers: true, Ready: func(kubeconfig string) { fmt.Println("ready", kubeconfig) }})
}

type child struct {
	*exec.Cmd
	out        *bufio.Reader
	kubeconfig string
}

// launch starts a control plane in its own process, as it must be.
func launch(t *testing.T, dir string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: cmd, out: bufio.NewReader(out)}
	t.Cleanup(c.kill)
	return c
}

// kill ends the process, however far it is, and waits for its end.
func (c *child) kill() {
	c.Process.Kill()
	_ = c.Wait() // fails when the process did, which is what a kill makes it
}

func (c *child) firstLine(t *testing.T) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the control plane said nothing: %v", err)
	}
	return strings.TrimSpace(line)
}

func (c *child) client(t *testing.T) kubernetes.Interface {
	t.Helper()
	line := c.firstLine(t)
	path, ok := strings.CutPrefix(line, "ready ")
	if !ok {
		t.Fatalf("the control plane did not get ready: %s", line)
	}
	c.kubeconfig = path
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (c *child) terminate(t *testing.T) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("the control plane did not end well: %v", err)
	}
}

// The whole life of a control plane: controllers work, one process only uses
// the directory, and both a polite end and a kill keep what was stored.
func TestControlPlane(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	first := launch(t, dir)
	client := first.client(t)

	t.Run("controllers create pods", func(t *testing.T) {
		if _, err := client.AppsV1().Deployments("default").Create(ctx, deployment("web"), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, ctx, func() error {
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
			if err == nil && len(pods.Items) != 2 {
				err = fmt.Errorf("%d pods, want 2", len(pods.Items))
			}
			return err
		})
	})
	t.Run("the scheduler reports that there is no node", func(t *testing.T) {
		eventually(t, ctx, func() error {
			events, err := client.CoreV1().Events("default").List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedScheduling"})
			if err == nil && len(events.Items) == 0 {
				err = fmt.Errorf("no event FailedScheduling")
			}
			return err
		})
	})
	t.Run("a second process is refused", func(t *testing.T) {
		second := launch(t, dir)
		if line := second.firstLine(t); !strings.Contains(line, "another control plane runs") {
			t.Errorf("the second process says %q", line)
		}
		if err := second.Wait(); err == nil {
			t.Error("the second process ends with success")
		}
	})

	kubeconfig := read(t, first.kubeconfig)
	first.terminate(t)
	third := launch(t, dir)
	client = third.client(t)
	if read(t, third.kubeconfig) != kubeconfig {
		t.Error("after a restart the kubeconfig is another")
	}
	deploymentRemains(t, ctx, client)

	third.kill()
	deploymentRemains(t, ctx, launch(t, dir).client(t))
}

func deploymentRemains(t *testing.T, ctx context.Context, client kubernetes.Interface) {
	t.Helper()
	if _, err := client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func deployment(name string) *appsv1.Deployment {
	replicas, labels := int32(2), map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
			},
		},
	}
}

func eventually(t *testing.T, ctx context.Context, check func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came true: %v", err)
		case <-tick.C:
		}
	}
}
