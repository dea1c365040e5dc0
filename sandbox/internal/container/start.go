package container

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/container/crilog"
	"github.com/meshmanager/smm/sandbox/internal/container/initproc"
)

// Limits of an attempt's log, those of a kubelet by default.
const (
	logLimit = 10 << 20
	logFiles = 5
)

const newNamespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// create starts the container's program and everything that follows it.
func (p *Pod) create(ctx context.Context, spec Spec) (*Container, error) {
	c := &Container{
		pod: p, spec: spec, id: newID(),
		env:     environment(spec.Env, p.spec.hostname(), spec.TTY),
		logPath: p.runtime.logPath(p.spec.UID, spec.Name, spec.Attempt),
		done:    make(chan struct{}),
	}
	log, err := crilog.Create(c.logPath, logLimit, logFiles)
	if err != nil {
		return nil, err
	}
	oomKills := countOOMKills()
	if err := c.launch(ctx); err != nil {
		log.Close()
		return nil, err
	}
	c.status = ExitStatus{Running: true, Started: time.Now()}
	go c.follow(log, oomKills)
	return c, nil
}

func (c *Container) launch(ctx context.Context) (err error) {
	p := c.pod
	request, err := createRequest(p.spec, c.spec, c.env)
	if err != nil {
		return err
	}
	request.Root = p.runtime.rootDir()
	if c.io, err = openStdio(c.spec.Stdin && !c.spec.TTY, !c.spec.TTY, !c.spec.TTY); err != nil {
		return err
	}
	files := c.io.theirs
	if p.network != nil {
		files = append(files, p.network)
	}
	l, err := p.runtime.launch(ctx, initproc.CreateName, request, files, newNamespaces)
	c.io.closeTheirs()
	if err != nil {
		c.io.close()
		return err
	}
	l.control.Close()
	c.process, c.terminal = l.process, l.terminal
	c.io.use(l.terminal)
	c.namespace, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", c.process.Pid))
	if err != nil {
		// The process has ended and is not yet waited for: then there is nothing to measure.
		c.namespace = ""
	}
	return nil
}

func createRequest(pod PodSpec, spec Spec, env []string) (initproc.Create, error) {
	if len(spec.Executable.Entrypoint) == 0 || !filepath.IsAbs(spec.Executable.Entrypoint[0]) {
		return initproc.Create{}, fmt.Errorf("the executable %s has no absolute entry point", spec.Executable.Path)
	}
	request := initproc.Create{
		Hostname:     pod.hostname(),
		JoinNetwork:  pod.Bridge != "",
		Files:        etcFiles(pod),
		ReadOnlyRoot: spec.ReadOnlyRoot,
		Process:      initproc.Process{Args: spec.Args, Env: env, WorkDir: workDir(spec), TTY: spec.TTY},
		Mounts:       []initproc.Mount{{Source: spec.Executable.Path, Target: spec.Executable.Entrypoint[0], ReadOnly: true}},
	}
	// The machine's root certificates, as images have them.
	if _, err := os.Stat("/etc/ssl"); err == nil {
		request.Mounts = append(request.Mounts, initproc.Mount{Source: "/etc/ssl", Target: "/etc/ssl", ReadOnly: true})
	}
	for _, m := range append(slices.Clone(spec.Executable.Files), spec.Mounts...) {
		if !filepath.IsAbs(m.Source) || !filepath.IsAbs(m.Target) {
			return initproc.Create{}, fmt.Errorf("mount %s at %s: paths must be absolute", m.Source, m.Target)
		}
		request.Mounts = append(request.Mounts, initproc.Mount(m))
	}
	return request, nil
}

func workDir(spec Spec) string { return filepath.Join("/", spec.WorkDir) }

// follow copies the output to the log and, at the end, records how the container ended.
func (c *Container) follow(log *crilog.Log, oomKills uint64) {
	var copies sync.WaitGroup
	for _, stream := range []struct {
		from     *os.File
		name     string
		attached *fanOut
	}{
		{c.io.stdout, "stdout", &c.stdout},
		{c.io.stderr, "stderr", &c.stderr},
	} {
		if stream.from == nil {
			continue
		}
		copies.Go(func() {
			to := log.Stream(stream.name)
			defer to.Close()
			// The error is that of a terminal whose other end is closed, or the end of the time to drain.
			_, _ = io.Copy(io.MultiWriter(to, stream.attached), stream.from)
		})
	}
	state, err := c.process.Wait()
	c.io.drain()
	copies.Wait()
	c.io.close()
	if err := log.Close(); err != nil {
		c.pod.runtime.log.Warn("container log is incomplete", "container", c.spec.Name, "log", c.logPath, "error", err)
	}
	c.finish(state, err, oomKills)
}

func (c *Container) finish(state *os.ProcessState, err error, oomKills uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(c.done)
	c.status.Running, c.status.Finished = false, time.Now()
	if err != nil {
		c.pod.runtime.log.Error("container's end is unknown", "container", c.spec.Name, "error", err)
		c.status.Code = 255
		return
	}
	wait := state.Sys().(syscall.WaitStatus)
	c.status.Code = exitCode(wait)
	if wait.Signaled() {
		c.status.Signal = wait.Signal()
		c.status.OOMKilled = wait.Signal() == syscall.SIGKILL && !c.killed && countOOMKills() > oomKills
	}
	c.highestCPU = max(c.highestCPU, processorTime(state)+c.execCPU)
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func newID() string {
	id := make([]byte, 32)
	rand.Read(id)
	return hex.EncodeToString(id)
}
