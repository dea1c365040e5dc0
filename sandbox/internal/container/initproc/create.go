package initproc

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// create turns this process into the container's program. It returns only when it cannot.
func create() error {
	unix.CloseOnExec(ControlFD)
	var c Create
	if err := receive(&c); err != nil {
		return fmt.Errorf("read the container's specification: %w", err)
	}
	if c.JoinNetwork {
		unix.CloseOnExec(TargetFD)
		if err := unix.Setns(TargetFD, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("join the pod's network: %w", err)
		}
	}
	if err := unix.Sethostname([]byte(c.Hostname)); err != nil {
		return fmt.Errorf("set host name %q: %w", c.Hostname, err)
	}
	unix.Umask(0)
	if err := enterRoot(c); err != nil {
		return err
	}
	if c.TTY {
		if err := takeTerminal(); err != nil {
			return err
		}
	}
	unix.Umask(0o022)
	if err := os.MkdirAll(c.WorkDir, 0o755); err != nil {
		return fmt.Errorf("make the working directory: %w", err)
	}
	if err := os.Chdir(c.WorkDir); err != nil {
		return fmt.Errorf("change to the working directory: %w", err)
	}
	if c.ReadOnlyRoot {
		if err := setReadOnly(unix.AT_FDCWD, "/"); err != nil {
			return fmt.Errorf("make the root read-only: %w", err)
		}
	}
	path, err := lookPath(c.Args, c.Env)
	if err != nil {
		return err
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	return &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, c.Args, c.Env)}
}
