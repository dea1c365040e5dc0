//go:build linux

// Package inside is what runs in the sandbox's namespaces: the supervisor, the
// first process of all, with the network that connects the clusters; and below
// it one process per cluster, each the first in namespaces of its own. Being
// first means that the kernel ends everything else with it, however it ends.
package inside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/world"
	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// clusterEnd is how long a cluster may take to stop its pods and control plane.
const clusterEnd = 15 * time.Second

// Supervisor says what to supervise.
type Supervisor struct {
	Dir layout.Dir
	// Listeners are the API servers' on the host, one for each cluster.
	Listeners []*os.File
	// Report takes the outcome of the start, and is closed.
	Report io.WriteCloser
	Log    *slog.Logger
}

// Run makes the clusters' network and keeps one process per cluster alive
// until ctx ends. The calling process must be the first in its namespaces.
func (s Supervisor) Run(ctx context.Context) error {
	err := s.prepare()
	if _, writing := s.Report.Write(world.EncodeReport(err)); err == nil && writing != nil {
		s.Log.Warn("nobody wants to know that the sandbox started", "error", writing)
	}
	s.Report.Close()
	if err != nil {
		return err
	}
	s.Log.Info("the sandbox runs", "clusters", len(s.Listeners))
	var clusters sync.WaitGroup
	for i, c := range layout.Clusters(len(s.Listeners)) {
		clusters.Go(func() {
			keep(ctx, s.Log, "cluster "+c.Name(), func(ctx context.Context) error {
				return runCluster(ctx, s.Dir, c, s.Listeners[i])
			})
		})
	}
	clusters.Wait()
	s.Log.Info("the sandbox stopped")
	return nil
}

func (s Supervisor) prepare() error {
	if err := world.Hold(s.Dir); err != nil {
		return err
	}
	if err := ownMounts(); err != nil {
		return fmt.Errorf("%w: %w", world.ErrNamespaces, err)
	}
	if err := makeWAN(); err != nil {
		return fmt.Errorf("%w: %w", world.ErrNamespaces, err)
	}
	return nil
}

// runCluster runs the cluster's first process until it ends or, politely, ctx does.
func runCluster(ctx context.Context, dir layout.Dir, c layout.Cluster, listener *os.File) error {
	log, err := os.OpenFile(dir.ClusterLog(c), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening the cluster's log: %w", err)
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", world.ClusterCommand, "--state-dir", string(dir), "--cluster", c.Name())
	cmd.Args[0] = "smm-sandbox"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{listener}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true,
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = clusterEnd
	// The process waits for the end of its standard input, which says that its link is there.
	connected, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting the cluster's process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the cluster's process: %w", err)
	}
	if err := connectToWAN(c, cmd.Process.Pid); err != nil {
		cmd.Process.Kill()
		return errors.Join(err, cmd.Wait())
	}
	connected.Close()
	return cmd.Wait()
}
