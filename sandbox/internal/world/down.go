//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

const (
	// politeEnd is how long the supervisor may take to stop pods and control planes.
	politeEnd = 20 * time.Second
	// forcedEnd is how long the kernel may take to free the namespaces of a killed supervisor.
	forcedEnd = 10 * time.Second
)

// Ended says what Down found.
type Ended struct {
	// Existed is false where there was no sandbox at all.
	Existed bool
	// Stopped is true when the sandbox ran.
	Stopped bool
}

// Down ends the sandbox with everything in it and, unless keepState, removes
// its files. It works no matter how little is left of a sandbox.
func Down(ctx context.Context, dir layout.Dir, keepState bool) (Ended, error) {
	if _, err := os.Stat(string(dir)); errors.Is(err, fs.ErrNotExist) {
		return Ended{}, nil
	}
	// Without a sandbox there is nothing that a lock would protect, and nowhere to put it.
	s, err := readState(dir)
	if errors.Is(err, errNoSandbox) {
		return Ended{}, nil
	}
	if err != nil {
		return Ended{}, err
	}
	lock, err := lockCommand(ctx, dir)
	if err != nil {
		return Ended{}, err
	}
	defer lock.Close()
	ended := Ended{Existed: true}
	if ended.Stopped, err = stop(ctx, dir); err != nil || keepState {
		return ended, err
	}
	return ended, removeFiles(dir, s)
}

// stop ends the supervisor, politely first, and waits until nothing of it is left.
func stop(ctx context.Context, dir layout.Dir) (bool, error) {
	pid, err := supervisor(dir)
	if err != nil || pid == 0 {
		return false, err
	}
	process, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stopping the sandbox: %w", err)
	}
	defer unix.Close(process)
	// The descriptor stands for the supervisor only if that did not end meanwhile and leave its number to another.
	if again, err := supervisor(dir); err != nil || again != pid {
		return false, err
	}
	for _, attempt := range []struct {
		signal unix.Signal
		wait   time.Duration
	}{{unix.SIGTERM, politeEnd}, {unix.SIGKILL, forcedEnd}} {
		if err := unix.PidfdSendSignal(process, attempt.signal, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return false, fmt.Errorf("stopping the sandbox: %w", err)
		}
		gone, err := waitForEnd(ctx, process, attempt.wait)
		if gone || err != nil {
			return gone, err
		}
	}
	return false, fmt.Errorf("stopping the sandbox: process %d did not end within %s after it was killed", pid, forcedEnd)
}

// waitForEnd tells whether the process ended in time. As the first process of
// a process namespace it ends last.
func waitForEnd(ctx context.Context, pidfd int, limit time.Duration) (bool, error) {
	const step = 200 * time.Millisecond
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(step.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return false, fmt.Errorf("waiting for the sandbox to stop: %w", err)
		case ready > 0:
			return true, nil
		}
		if ctx.Err() != nil {
			return false, fmt.Errorf("waiting for the sandbox to stop: %w", context.Cause(ctx))
		}
	}
	return false, nil
}

// removeFiles removes what a sandbox made, and the directory if nothing else is in it.
func removeFiles(dir layout.Dir, s state) error {
	paths := []string{dir.SupervisorLock(), dir.SupervisorLog()}
	for _, c := range layout.Clusters(s.Clusters) {
		paths = append(paths, dir.Cluster(c))
	}
	// The state goes late: as long as it is there, down can be repeated.
	paths = append(paths, dir.State()+".new", dir.State(), dir.CommandLock())
	for _, path := range paths {
		if err := removeAll(path); err != nil {
			return fmt.Errorf("removing the sandbox's files: %w", err)
		}
	}
	if err := os.Remove(string(dir)); err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("removing the sandbox's files: %w", err)
	}
	return nil
}

// removeAll is os.RemoveAll that is not stopped by directories which a pod made unwritable.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	walk := func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	}
	// WalkDir visits a directory before it reads it, so the mode is in time.
	if err := filepath.WalkDir(path, walk); err != nil {
		return err
	}
	return os.RemoveAll(path)
}
