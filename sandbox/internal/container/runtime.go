package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

var errClosed = errors.New("the container runtime is closed")

// Runtime runs pods and keeps their logs below one directory. Its methods may be called concurrently.
type Runtime struct {
	dir       string
	log       *slog.Logger
	host      *os.File // the network namespace of this process
	spawner   *spawner
	processes processTable

	mu     sync.Mutex
	pods   map[string]*Pod // by UID; nil while a pod is being started
	closed bool
}

// New prepares a Runtime that keeps its files below dir. Close it to end what it runs.
func New(dir string, log *slog.Logger) (*Runtime, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	r := &Runtime{dir: dir, log: log, pods: map[string]*Pod{}}
	for _, d := range []string{r.rootDir(), r.logsDir()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("prepare the container runtime: %w", err)
		}
	}
	if r.host, err = os.Open("/proc/self/ns/net"); err != nil {
		return nil, fmt.Errorf("prepare the container runtime: %w", err)
	}
	r.spawner = newSpawner()
	return r, nil
}

// rootDir is an empty directory on which each container, in its own mount namespace, mounts its root.
func (r *Runtime) rootDir() string { return filepath.Join(r.dir, "root") }

// Close stops all pods and keeps their logs. The Runtime cannot be used afterwards; closing it again does nothing.
func (r *Runtime) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	var pods []*Pod
	for _, p := range r.pods {
		if p != nil {
			pods = append(pods, p)
		}
	}
	r.mu.Unlock()
	stopped := make(chan error)
	for _, p := range pods {
		go func() { stopped <- p.Stop(ctx) }()
	}
	var errs []error
	for range pods {
		errs = append(errs, <-stopped)
	}
	r.spawner.close()
	return errors.Join(append(errs, r.host.Close())...)
}

// StartPod makes the pod's network: a namespace with a link to the bridge, its address and route. It
// fails when the pod is already started.
func (r *Runtime) StartPod(ctx context.Context, spec PodSpec) (*Pod, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.reserve(spec.UID); err != nil {
		return nil, err
	}
	p := &Pod{runtime: r, spec: spec, containers: map[string]*Container{}}
	if spec.Bridge != "" {
		var err error
		if p.network, err = attachNetwork(spec, r.host); err != nil {
			r.forget(spec.UID)
			return nil, fmt.Errorf("start pod %s/%s: %w", spec.Namespace, spec.Name, err)
		}
	}
	r.mu.Lock()
	r.pods[spec.UID] = p
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed, p.Stop(ctx))
	}
	return p, nil
}

func (r *Runtime) reserve(uid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	if _, exists := r.pods[uid]; exists {
		return fmt.Errorf("pod %s is already started", uid)
	}
	r.pods[uid] = nil
	return nil
}

func (r *Runtime) forget(uid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pods, uid)
}

// Pod finds a pod that was started and not stopped.
func (r *Runtime) Pod(uid string) (*Pod, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pods[uid]
	return p, p != nil
}

// FindPod finds a pod that was started and not stopped.
func (r *Runtime) FindPod(namespace, name string) (*Pod, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pods {
		if p != nil && p.spec.Namespace == namespace && p.spec.Name == name {
			return p, true
		}
	}
	return nil, false
}
