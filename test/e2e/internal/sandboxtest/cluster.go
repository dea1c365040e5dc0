package sandboxtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

const (
	// CommandTimeout is how long one command may take.
	CommandTimeout = time.Minute
	// Patience is how long tests wait for what usually takes a second or two.
	Patience = 30 * time.Second
)

// Cluster is a cluster of a sandbox.
type Cluster struct {
	Name       string
	Kubeconfig string // path
	Config     *rest.Config

	sandbox *Sandbox
}

// Directory is where the files of the sandbox are.
func (c *Cluster) Directory() string { return c.sandbox.stateDir }

// SMM runs `smm args...` on the cluster, as long as the context lasts.
func (c *Cluster) SMM(ctx context.Context, args ...string) (string, error) {
	return Run(c.sandbox.Command(ctx, append([]string{"--kubeconfig", c.Kubeconfig}, args...)...))
}

// Kubectl runs the built-in kubectl on the cluster, with input if it is not empty.
func (c *Cluster) Kubectl(ctx context.Context, input string, args ...string) (string, error) {
	cmd := c.KubectlCommand(ctx, args...)
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	return Run(cmd)
}

// KubectlCommand prepares the built-in kubectl on the cluster, which ends with the context.
func (c *Cluster) KubectlCommand(ctx context.Context, args ...string) *exec.Cmd {
	return c.sandbox.command(ctx, append([]string{"kubectl", "--cluster", c.Name}, args...)...)
}

// Kubernetes is a client of the cluster.
func (c *Cluster) Kubernetes(t *testing.T) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Pods lists the pods of a namespace, with "" of all.
func (c *Cluster) Pods(t *testing.T, namespace, selector string) []corev1.Pod {
	t.Helper()
	pods, err := c.Kubernetes(t).CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// IsReady tells whether a pod is ready and is not about to go.
func IsReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// Eventually polls until the condition holds, and fails the test if it does not in time.
func Eventually(t *testing.T, within time.Duration, what string, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(within); time.Now().Before(deadline) && t.Context().Err() == nil; time.Sleep(20 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatalf("not within %v: %s: %v", within, what, err)
}

// Forward opens a port of a pod on 127.0.0.1 for the length of the test and returns the local address.
func (c *Cluster) Forward(t *testing.T, namespace, pod string, port int) (string, error) {
	t.Helper()
	roundTripper, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return "", err
	}
	target := c.Kubernetes(t).CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: roundTripper, Timeout: CommandTimeout}, http.MethodPost, target)
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf(":%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return "", err
	}
	var failure error
	go func() {
		defer close(ended)
		failure = forwarder.ForwardPorts()
	}()
	t.Cleanup(func() {
		close(stop)
		<-ended
	})
	select {
	case <-ready:
	case <-ended:
		return "", fmt.Errorf("port-forward to %s:%d: %w", pod, port, failure)
	case <-time.After(Patience):
		return "", fmt.Errorf("port-forward to %s:%d is not ready within %v", pod, port, Patience)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local), nil
}

// Get fetches a page over HTTP.
func Get(ctx context.Context, address, path string, query url.Values) ([]byte, error) {
	target := url.URL{Scheme: "http", Host: address, Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return body, nil
}
