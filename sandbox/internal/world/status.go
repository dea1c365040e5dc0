//go:build linux

package world

import (
	"context"
	"errors"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// Status is how a sandbox does.
type Status struct {
	StateDir string `json:"stateDir"`
	Running  bool   `json:"running"`
	// PID is the supervisor's process id on the host, if it runs.
	PID      int             `json:"pid,omitempty"`
	Clusters []ClusterStatus `json:"clusters"`
	Memory   []Part          `json:"memory"`
}

// ClusterStatus is how one cluster does.
type ClusterStatus struct {
	Name       string `json:"name"`
	Kubeconfig string `json:"kubeconfig"`
	APIReady   bool   `json:"apiReady"`
	NodeReady  bool   `json:"nodeReady"`
	// PodsRunning of Pods have all their containers ready.
	PodsRunning int `json:"podsRunning"`
	Pods        int `json:"pods"`
	// Error says why the API server could not be asked.
	Error string `json:"error,omitempty"`
}

// MemoryBytes is the sum for one cluster, or for all and the supervisor when the name is empty.
func (s Status) MemoryBytes(cluster string) uint64 {
	var sum uint64
	for _, part := range s.Memory {
		if cluster == "" || part.Cluster == cluster {
			sum += part.Bytes
		}
	}
	return sum
}

// ReadStatus looks at the sandbox. A directory without one gives a status without clusters.
func ReadStatus(ctx context.Context, dir layout.Dir) (Status, error) {
	status := Status{StateDir: string(dir), Clusters: []ClusterStatus{}, Memory: []Part{}}
	s, err := readState(dir)
	if errors.Is(err, errNoSandbox) {
		return status, nil
	}
	if err != nil {
		return status, err
	}
	if status.PID, err = supervisor(dir); err != nil {
		return status, err
	}
	status.Running = status.PID != 0
	status.Clusters = make([]ClusterStatus, s.Clusters)
	var asking sync.WaitGroup
	for i, c := range layout.Clusters(s.Clusters) {
		status.Clusters[i] = ClusterStatus{Name: c.Name(), Kubeconfig: dir.Kubeconfig(c)}
		if status.Running {
			asking.Go(func() { status.Clusters[i].ask(ctx, dir, c) })
		}
	}
	asking.Wait()
	if status.Running {
		status.Memory, err = readMemory(status.PID)
	}
	return status, err
}

func readMemory(supervisor int) ([]Part, error) {
	processes, err := readProcesses()
	if err != nil {
		return nil, err
	}
	if err := inspect(processes, supervisor); err != nil {
		return nil, err
	}
	return accountMemory(processes, supervisor), nil
}

func (status *ClusterStatus) ask(ctx context.Context, dir layout.Dir, c layout.Cluster) {
	client, err := hostClient(dir, c)
	if err == nil {
		status.APIReady, err = apiReady(ctx, client, c)
	}
	if err == nil {
		status.NodeReady, err = nodeReady(ctx, client, c)
	}
	var pods *corev1.PodList
	if err == nil {
		pods, err = client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	}
	if err != nil {
		status.Error = err.Error()
		return
	}
	status.Pods, status.PodsRunning = len(pods.Items), countReady(pods.Items)
}

func countReady(pods []corev1.Pod) int {
	ready := 0
	for _, pod := range pods {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	return ready
}
