package container

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// killTimeout bounds the time that the kernel takes to end a container that was killed.
const killTimeout = 10 * time.Second

// Container is one attempt of a container.
type Container struct {
	pod     *Pod
	spec    Spec
	env     []string
	id      string
	logPath string

	process   *os.Process
	namespace string // the pid namespace, as /proc names it
	io        stdio
	terminal  *os.File
	stdout    fanOut
	stderr    fanOut
	done      chan struct{}

	mu         sync.Mutex
	status     ExitStatus
	killed     bool
	execCPU    uint64 // processor time of ended Exec processes
	highestCPU uint64 // the highest value that Usage gave
}

// Spec is what the container was started with.
func (c *Container) Spec() Spec { return c.spec }

// ID is unique for each attempt: 64 hexadecimal digits.
func (c *Container) ID() string { return c.id }

// PID is the process id of the container's first process, as this process sees it.
func (c *Container) PID() int { return c.process.Pid }

// LogPath is the file that holds the attempt's output, a line each as a container runtime writes it:
// time stamp (RFC 3339 with nanoseconds), stream, F or P (a part of a long line), content. When the
// file grows past its limit it is renamed with its time as suffix and begun again.
func (c *Container) LogPath() string { return c.logPath }

// Wait returns a channel that is closed when the container ended, its output is in the log and Status is final.
func (c *Container) Wait() <-chan struct{} { return c.done }

// Status is the state of the attempt now.
func (c *Container) Status() ExitStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Stop sends SIGTERM to the first process and, when grace or ctx ends first, kills everything in the
// container. It returns when the container has ended.
func (c *Container) Stop(ctx context.Context, grace time.Duration) error {
	if grace > 0 {
		_ = c.process.Signal(syscall.SIGTERM) // an error means that the process has ended
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-c.done:
			return nil
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.kill()
	return c.waitEnd(context.WithoutCancel(ctx))
}

// kill ends everything in the container: when the first process of a pid namespace ends, the kernel kills the rest.
func (c *Container) kill() {
	c.mu.Lock()
	c.killed = true
	c.mu.Unlock()
	c.process.Kill()
}

func (c *Container) waitEnd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("container %s does not end: %w", c.spec.Name, ctx.Err())
	}
}
