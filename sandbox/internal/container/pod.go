package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
)

// Pod is a started pod.
type Pod struct {
	runtime *Runtime
	spec    PodSpec
	network *os.File // nil: the network of this process

	stopping sync.Mutex // held while Stop works
	freed    bool       // Stop has finished; guarded by stopping

	mu         sync.Mutex
	stopped    bool // no container may start any more
	containers map[string]*Container
	retired    uint64 // processor time of earlier attempts
}

// Spec is what the pod was started with.
func (p *Pod) Spec() PodSpec { return p.spec }

// Start runs one attempt of a container. An error means that the program was never run: a missing
// executable, a mount that cannot be made. An earlier attempt must have ended.
func (p *Pod) Start(ctx context.Context, spec Spec) (*Container, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, fmt.Errorf("start container %s: the pod is stopped", spec.Name)
	}
	earlier := p.containers[spec.Name]
	if earlier != nil && earlier.Status().Running {
		return nil, fmt.Errorf("start container %s: its earlier attempt still runs", spec.Name)
	}
	if err := p.runtime.dropLogs(p.spec.UID, spec.Name, spec.Attempt); err != nil {
		return nil, fmt.Errorf("start container %s: %w", spec.Name, err)
	}
	c, err := p.create(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start container %s: %w", spec.Name, err)
	}
	if earlier != nil {
		used, _, _ := earlier.Usage()
		p.retired += used
	}
	p.containers[spec.Name] = c
	return c, nil
}

// Container finds the latest attempt of a container.
func (p *Pod) Container(name string) (*Container, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.containers[name]
	return c, ok
}

// Containers lists the latest attempt of each container, by name.
func (p *Pod) Containers() []*Container {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Values(p.containers), func(a, b *Container) int {
		return cmp.Compare(a.spec.Name, b.spec.Name)
	})
}

// Stop kills what still runs in the pod and frees its network. It keeps the logs, and does nothing when
// the pod is stopped already.
func (p *Pod) Stop(ctx context.Context) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if p.freed {
		return nil
	}
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	if err := p.killAll(ctx); err != nil {
		return err
	}
	if p.network != nil {
		if err := errors.Join(removeLink(p.spec.UID), p.network.Close()); err != nil {
			p.runtime.log.Warn("pod network not freed", "pod", p.spec.Namespace+"/"+p.spec.Name, "error", err)
		}
	}
	p.freed = true
	p.runtime.forget(p.spec.UID)
	return nil
}

func (p *Pod) killAll(ctx context.Context) error {
	containers := p.Containers()
	for _, c := range containers {
		c.kill()
	}
	for _, c := range containers {
		if err := c.waitEnd(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Dial connects to 127.0.0.1:port inside the pod. The network is tcp or udp.
func (p *Pod) Dial(ctx context.Context, network string, port int) (conn net.Conn, err error) {
	dial := func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		return err
	}
	if p.network == nil {
		err = dial()
	} else {
		err = inNetwork(p.network, dial)
	}
	return conn, err
}

// Usage is the processor time that the pod's containers used and the memory that they hold. The time
// never goes down, also when a container starts again.
func (p *Pod) Usage() (cpuNanoseconds, workingSetBytes uint64, err error) {
	p.mu.Lock()
	cpuNanoseconds = p.retired
	containers := slices.Collect(maps.Values(p.containers))
	p.mu.Unlock()
	for _, c := range containers {
		cpu, memory, err := c.Usage()
		if err != nil {
			return 0, 0, err
		}
		cpuNanoseconds += cpu
		workingSetBytes += memory
	}
	return cpuNanoseconds, workingSetBytes, nil
}
