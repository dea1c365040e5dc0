package node

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/container/containertest"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		program(os.Args[1:])
	}
	containertest.Main(m)
}

const (
	// patience bounds everything that a test waits for.
	patience = 40 * time.Second
	nodeName = "c1-node"
)

// controlPlane is the one that all tests share. It ends with the tests' namespaces.
var controlPlane struct {
	once   sync.Once
	config *rest.Config
	err    error
}

// cluster is a namespace of a real control plane, with a node.
type cluster struct {
	testing.TB
	client    kubernetes.Interface
	namespace string
	node      *runningNode
}

// newCluster gives a test a namespace of its own. The node is the one that all tests share, which run at
// the same time.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	t.Parallel()
	containertest.Require(t)
	controlPlane.once.Do(func() { controlPlane.config, controlPlane.err = startControlPlane() })
	if controlPlane.err != nil {
		t.Fatal(controlPlane.err)
	}
	client := kubernetes.NewForConfigOrDie(rest.CopyConfig(controlPlane.config))
	c := &cluster{TB: t, client: client, node: sharedNode(t)}
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	c.must(err)
	c.namespace = namespace.Name
	t.Cleanup(func() {
		now := int64(0)
		err := client.CoreV1().Pods(c.namespace).
			DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err != nil {
			t.Error(err)
		}
	})
	c.eventually("the namespace's service account", func() error {
		_, err := client.CoreV1().ServiceAccounts(c.namespace).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return c
}

// startControlPlane starts the built smm-sandbox.
func startControlPlane() (*rest.Config, error) {
	binary, err := findBinary("smm-sandbox")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(scratch(), "control-plane")
	command := exec.Command(binary, "control-plane", "--dir", dir)
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	kubeconfig, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ready {
		return nil, fmt.Errorf("the control plane said %q: %w", line, err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

func findBinary(name string) (string, error) {
	dir := os.Getenv("SMM_BIN")
	if dir == "" {
		dir = "../../../bin"
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("this test runs the real %s, which is missing: run `make build` first", name)
	}
	return path, nil
}

// scratch is a directory that goes when all tests are over.
func scratch() string { return filepath.Dir(containertest.Image().Path) }

// runningNode is a node under test.
type runningNode struct {
	*agent
	stop context.CancelFunc
	done chan error
}

var shared struct {
	once sync.Once
	node *runningNode
	err  error
}

func sharedNode(t testing.TB) *runningNode {
	t.Helper()
	shared.once.Do(func() {
		shared.node, shared.err = startNode(nodeName, netip.MustParsePrefix("10.201.0.0/17"), 10250, filepath.Join(scratch(), "node"))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.node
}

// startNode runs a node, with "app" as the one image that has an executable.
func startNode(name string, pods netip.Prefix, port int, dir string) (*runningNode, error) {
	// Containers need a static executable. A test with the race detector is none: give it the path of one without.
	static := cmp.Or(os.Getenv("SMM_TEST_PROGRAM"), containertest.Image().Path)
	executable := filepath.Join(scratch(), programName)
	if err := copyExecutable(static, executable); err != nil {
		return nil, err
	}
	certificate, err := issue(filepath.Join(scratch(), "control-plane", "pki"), net.ParseIP(containertest.Gateway))
	if err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	config, err := Config{
		RestConfig: controlPlane.config, NodeName: name, NodeIP: containertest.Gateway, Region: "region1", Zone: "zone1",
		Dir: dir, PodNetwork: pods, Bridge: containertest.Bridge, Executables: Executables{"app": {File: executable}},
		Address: fmt.Sprintf("%s:%d", containertest.Gateway, port), Certificate: certificate,
		Ready: func() { close(ready) },
		Log:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &runningNode{stop: cancel, done: make(chan error, 1)}
	if n.agent, err = newAgent(ctx, config); err != nil {
		cancel()
		return nil, err
	}
	go func() { n.done <- n.serve(ctx) }()
	select {
	case <-ready:
		return n, nil
	case err := <-n.done:
		return nil, fmt.Errorf("the node ended: %w", err)
	case <-time.After(patience):
		return nil, errors.New("the node is not ready in time")
	}
}

func copyExecutable(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	err = os.WriteFile(to, content, 0o755)
	if errors.Is(err, syscall.ETXTBSY) {
		return nil // it is there and in use
	}
	return err
}

func (c *cluster) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// eventually polls a condition until it has no error to tell.
func (c *cluster) eventually(what string, condition func() error) {
	c.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// app is a container that runs the test program.
func app(name string, args ...string) corev1.Container {
	return corev1.Container{Name: name, Image: "registry.example.com/app:1", Args: args, ImagePullPolicy: corev1.PullNever}
}

// create makes a pod of containers, which the scheduler brings to the node.
func (c *cluster) create(name string, containers []corev1.Container, changes ...func(*corev1.Pod)) *corev1.Pod {
	c.Helper()
	grace := int64(10)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.namespace},
		Spec: corev1.PodSpec{
			Containers: containers, TerminationGracePeriodSeconds: &grace,
			NodeSelector: map[string]string{corev1.LabelHostname: c.node.NodeName},
		},
	}
	for _, change := range changes {
		change(pod)
	}
	pod, err := c.client.CoreV1().Pods(c.namespace).Create(c.Context(), pod, metav1.CreateOptions{})
	c.must(err)
	return pod
}

func (c *cluster) get(name string) *corev1.Pod {
	c.Helper()
	pod, err := c.client.CoreV1().Pods(c.namespace).Get(c.Context(), name, metav1.GetOptions{})
	c.must(err)
	return pod
}

// wait waits until a pod is as the condition wants, and returns it.
func (c *cluster) wait(name, what string, condition func(*corev1.Pod) bool) *corev1.Pod {
	c.Helper()
	var pod *corev1.Pod
	c.eventually("pod "+name+" is not "+what, func() error {
		pod = c.get(name)
		if condition(pod) {
			return nil
		}
		return errors.New(describe(pod))
	})
	return pod
}

func describe(pod *corev1.Pod) string {
	text := fmt.Sprintf("phase %s", pod.Status.Phase)
	for _, s := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		text += fmt.Sprintf("; %s: ready %v, %d restarts, %+v, last %+v", s.Name, s.Ready, s.RestartCount, s.State, s.LastTerminationState.Terminated)
	}
	return text
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (c *cluster) waitReady(name string) *corev1.Pod {
	c.Helper()
	defer func() {
		if c.Failed() {
			c.logEvents(name)
		}
	}()
	return c.wait(name, "ready", isReady)
}

func (c *cluster) waitPhase(name string, phase corev1.PodPhase) *corev1.Pod {
	c.Helper()
	return c.wait(name, string(phase), func(pod *corev1.Pod) bool { return pod.Status.Phase == phase })
}

func (c *cluster) waitGone(name string) {
	c.Helper()
	c.eventually("pod "+name+" is still there", func() error {
		pod, err := c.client.CoreV1().Pods(c.namespace).Get(c.Context(), name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.New(describe(pod))
	})
}

// waitEvent waits for an event about a pod whose message contains a text.
func (c *cluster) waitEvent(pod, reason, text string) {
	c.Helper()
	c.eventually(fmt.Sprintf("no event %s with %q", reason, text), func() error {
		events, err := c.client.CoreV1().Events(c.namespace).List(c.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		var seen []string
		for _, e := range events.Items {
			if e.InvolvedObject.Name != pod {
				continue
			}
			if e.Reason == reason && strings.Contains(e.Message, text) {
				return nil
			}
			seen = append(seen, e.Reason+": "+e.Message)
		}
		return fmt.Errorf("seen: %q", seen)
	})
}

// logEvents tells what happened to a pod.
func (c *cluster) logEvents(pod string) {
	c.Helper()
	events, err := c.client.CoreV1().Events(c.namespace).List(c.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + pod})
	if err != nil {
		c.Log(err)
		return
	}
	for _, e := range events.Items {
		c.Logf("%dx %s: %s", e.Count, e.Reason, e.Message)
	}
}

// exec runs the test program in a running container and returns what it prints.
func (c *cluster) exec(pod *corev1.Pod, name string, args ...string) (string, error) {
	c.Helper()
	sandbox, found := c.node.runtime.Pod(string(pod.UID))
	if !found {
		return "", errors.New("the pod does not run")
	}
	process, found := sandbox.Container(name)
	if !found {
		return "", errors.New("the container does not run")
	}
	var output bytes.Buffer
	code, err := process.Exec(c.Context(), container.ExecSpec{
		Argv: append([]string{"/usr/local/bin/" + programName}, args...), Streams: container.Streams{Stdout: &output, Stderr: &output}})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, output.String())
	}
	return output.String(), err
}

// mustExec is exec where it must succeed.
func (c *cluster) mustExec(pod *corev1.Pod, name string, args ...string) string {
	c.Helper()
	output, err := c.exec(pod, name, args...)
	c.must(err)
	return output
}
