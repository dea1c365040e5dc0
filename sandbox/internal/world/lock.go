//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

const lockPoll = 100 * time.Millisecond

// lockCommand waits until no other command starts or ends the sandbox. The lock goes with the returned file.
func lockCommand(ctx context.Context, dir layout.Dir) (*os.File, error) {
	for {
		file, err := tryLock(dir.CommandLock())
		if file != nil || err != nil {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another command on %s: %w", dir, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryLock returns nothing when the lock is taken, or when the file that it got
// is no longer the one at path, because the last holder removed the sandbox.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the sandbox: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && isAt(file, path) {
		return file, nil
	}
	file.Close()
	if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("locking the sandbox: %w", err)
	}
	return nil, nil
}

func isAt(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	present, err := os.Stat(path)
	return err == nil && os.SameFile(opened, present)
}

// Hold marks the calling process as the supervisor until it ends. It fails when
// there is one already. The lock is of the POSIX kind: the kernel drops it with
// the process, and tells others the holder's process id as they see it.
func Hold(dir layout.Dir) error {
	fd, err := unix.Open(dir.SupervisorLock(), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("becoming the supervisor: %w", err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &lock); err != nil {
		unix.Close(fd)
		return fmt.Errorf("becoming the supervisor: another one runs: %w", err)
	}
	return nil
}

// supervisor returns the process id of the running supervisor, 0 if there is none.
func supervisor(dir layout.Dir) (int, error) {
	file, err := os.OpenFile(dir.SupervisorLock(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the supervisor: %w", err)
	}
	defer file.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("looking for the supervisor: %w", err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if lock.Pid <= 0 {
		return 0, fmt.Errorf("the sandbox in %s was started in another process namespace: use it from there", dir)
	}
	return int(lock.Pid), nil
}
