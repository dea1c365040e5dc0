package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/container/initproc"
)

// Exec runs a process in the container and returns its exit code, 128 + signal when a signal ended it. The process
// is killed when ctx ends. An error means that it could not be started or that ctx ended.
func (c *Container) Exec(ctx context.Context, spec ExecSpec) (exitCode int, err error) {
	if !c.Status().Running {
		return 0, fmt.Errorf("exec in container %s: it is not running", c.spec.Name)
	}
	if exitCode, err = c.exec(ctx, spec); err != nil {
		return 0, fmt.Errorf("exec in container %s: %w", c.spec.Name, err)
	}
	return exitCode, nil
}

func (c *Container) exec(ctx context.Context, spec ExecSpec) (int, error) {
	target, err := c.handle()
	if err != nil {
		return 0, err
	}
	defer target.Close()
	streams, err := openStdio(spec.Stdin != nil && !spec.TTY, spec.Stdout != nil && !spec.TTY, spec.Stderr != nil && !spec.TTY)
	if err != nil {
		return 0, err
	}
	request := initproc.Enter{Process: initproc.Process{
		Args: spec.Argv, Env: execEnvironment(c.env, spec), WorkDir: workDir(c.spec), TTY: spec.TTY,
	}}
	l, err := c.pod.runtime.launch(ctx, initproc.EnterName, request, append(streams.theirs, target), 0)
	streams.closeTheirs()
	if err != nil {
		streams.close()
		return 0, err
	}
	defer l.close()
	streams.use(l.terminal)
	return c.followExec(ctx, l, streams, spec)
}

// handle returns a pidfd of the container's first process.
func (c *Container) handle() (*os.File, error) {
	var fd int
	var dup error
	err := c.process.WithHandle(func(handle uintptr) {
		fd, dup = unix.FcntlInt(handle, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err := errors.Join(err, dup); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "container"), nil
}

// execEnvironment is the container's environment with what the process adds; the last of a name counts.
func execEnvironment(env []string, spec ExecSpec) []string {
	env = slices.Concat(env, spec.Env)
	if spec.TTY {
		env = environment(env, "", true)
	}
	return env
}

// followExec connects the streams until the process ends.
func (c *Container) followExec(ctx context.Context, l *launched, streams stdio, spec ExecSpec) (int, error) {
	stop := context.AfterFunc(ctx, func() { l.control.Close() })
	defer stop()
	done := make(chan struct{})
	if spec.Stdin != nil {
		go func() {
			// The input ends either way: the user has no more, or the process reads no more.
			_, _ = io.Copy(streams.stdin, spec.Stdin)
			if !spec.TTY {
				streams.stdin.Close()
			}
		}()
	}
	if spec.TTY && spec.Resize != nil {
		go followSizes(l.terminal, spec.Resize, done)
	}
	var copies sync.WaitGroup
	stdout, stderr := outputs(spec)
	if streams.stdout != nil {
		copies.Go(func() { copyOutput(stdout, streams.stdout) })
	}
	if streams.stderr != nil {
		copies.Go(func() { copyOutput(stderr, streams.stderr) })
	}
	state, err := l.process.Wait()
	close(done)
	streams.drain()
	copies.Wait()
	streams.close()
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	c.execCPU += processorTime(state)
	c.mu.Unlock()
	return exitCode(state.Sys().(syscall.WaitStatus)), ctx.Err()
}

// copyOutput closes the process' stream when its reader is gone, so that the process learns of it; that is all there
// is to do about an error.
func copyOutput(to io.Writer, from *os.File) {
	_, _ = io.Copy(to, from)
	from.Close()
}

// outputs are the writers of an Exec. A terminal is read even when nobody wants its output, and one writer for both
// streams is not written by both at once.
func outputs(spec ExecSpec) (stdout, stderr io.Writer) {
	stdout, stderr = spec.Stdout, spec.Stderr
	if stdout == nil {
		return io.Discard, stderr
	}
	if reflect.TypeOf(stdout).Comparable() && stdout == stderr {
		both := &serialWriter{to: stdout}
		return both, both
	}
	return stdout, stderr
}

type serialWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *serialWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}
