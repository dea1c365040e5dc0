package podforward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// ErrNoPod tells that no pod is ready.
var ErrNoPod = errors.New("no pod is ready")

// Pods leads to a port of one of several pods that do the same: to the same one as long as it can be reached.
type Pods struct {
	config    *rest.Config
	client    kubernetes.Interface
	namespace string
	selector  string
	port      int

	mu     sync.Mutex
	tunnel *Tunnel
}

// ToPods leads to a port of the pods with the labels, with the configuration's rights. Close ends it.
func ToPods(config *rest.Config, namespace string, selector map[string]string, port int) (*Pods, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Pods{config: config, client: client, namespace: namespace, selector: labels.SelectorFromSet(selector).String(), port: port}, nil
}

// Find looks for a pod that is ready. The error is ErrNoPod when there is none.
func (p *Pods) Find(ctx context.Context) (name string, err error) {
	pods, err := p.client.CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: p.selector})
	if err != nil {
		return "", fmt.Errorf("list pods of namespace %s: %w", p.namespace, err)
	}
	for i := range pods.Items {
		if pod := &pods.Items[i]; isReady(pod) {
			return pod.Name, nil
		}
	}
	return "", ErrNoPod
}

func isReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Dial connects to the port of a pod, and looks for another pod when the one before cannot be reached any more.
func (p *Pods) Dial(ctx context.Context) (net.Conn, error) {
	tunnel, err := p.current(ctx, nil)
	if err != nil {
		return nil, err
	}
	connection, err := tunnel.Dial(ctx, p.port)
	if err == nil || ctx.Err() != nil {
		return connection, err
	}
	if tunnel, err = p.current(ctx, tunnel); err != nil {
		return nil, err
	}
	return tunnel.Dial(ctx, p.port)
}

// current is the tunnel that is used, other than the one that failed.
func (p *Pods) current(ctx context.Context, failed *Tunnel) (*Tunnel, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tunnel != nil && p.tunnel != failed {
		return p.tunnel, nil
	}
	name, err := p.Find(ctx)
	if err != nil {
		return nil, err
	}
	if p.tunnel != nil {
		_ = p.tunnel.Close() // it failed
	}
	p.tunnel, err = New(p.config, p.namespace, name)
	return p.tunnel, err
}

// Close ends all connections.
func (p *Pods) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tunnel == nil {
		return nil
	}
	return p.tunnel.Close()
}
