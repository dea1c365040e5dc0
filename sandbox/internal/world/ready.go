//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

const (
	readyPoll      = 50 * time.Millisecond
	requestTimeout = 3 * time.Second
)

// A stage is one thing to wait for until a cluster can be used.
type stage struct {
	// waiting says what is waited for.
	waiting string
	reached func(ctx context.Context, client kubernetes.Interface, c layout.Cluster) (bool, error)
}

func stages() []stage {
	return []stage{
		{"API server", apiReady},
		{"node", nodeReady},
		{"default service account", accountExists},
	}
}

// WaitReady waits until pods can be created in the cluster and will run. It
// calls progress with what it waits for, and fails at once when the sandbox stops.
func WaitReady(ctx context.Context, dir layout.Dir, c layout.Cluster, progress func(waiting string)) error {
	var client kubernetes.Interface
	for _, stage := range stages() {
		progress(stage.waiting)
		var last error
		reached := func() bool {
			if client == nil {
				if client, last = hostClient(dir, c); last != nil {
					return false
				}
			}
			var ok bool
			ok, last = stage.reached(ctx, client, c)
			// A kubeconfig of an earlier start may name a port that is no longer ours.
			if last != nil {
				client = nil
			}
			return ok
		}
		if err := poll(ctx, dir, reached); err != nil {
			return fmt.Errorf("waiting for the %s of cluster %s: %w%s", stage.waiting, c.Name(), err, lastAnswer(last))
		}
	}
	return nil
}

// lastAnswer adds what the cluster said last, unless that was only that time is up.
func lastAnswer(err error) string {
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return ""
	}
	return fmt.Sprintf(" (last answer: %v)", err)
}

// poll repeats until done, until ctx ends, or until the sandbox is no longer there.
func poll(ctx context.Context, dir layout.Dir, done func() bool) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for !done() {
		pid, err := supervisor(dir)
		if err != nil {
			return err
		}
		if pid == 0 {
			return fmt.Errorf("the sandbox stopped; its log is %s", dir.SupervisorLog())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// hostClient speaks to the cluster as a program on the host would.
func hostClient(dir layout.Dir, c layout.Cluster) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", dir.Kubeconfig(c))
	if err != nil {
		return nil, err
	}
	config.Timeout = requestTimeout
	config.QPS = -1 // the poll is rate enough
	return kubernetes.NewForConfig(config)
}

func apiReady(ctx context.Context, client kubernetes.Interface, _ layout.Cluster) (bool, error) {
	_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err == nil, err
}

func nodeReady(ctx context.Context, client kubernetes.Interface, c layout.Cluster) (bool, error) {
	node, err := client.CoreV1().Nodes().Get(ctx, c.NodeName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue, nil
		}
	}
	return false, nil
}

func accountExists(ctx context.Context, client kubernetes.Interface, _ layout.Cluster) (bool, error) {
	_, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
