package controlplane

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// divertStderr appends to a file what this process writes to its standard
// error: some libraries know no other place for their chatter. The returned
// function undoes that.
func divertStderr(path string) (restore func(), err error) {
	stderr := int(os.Stderr.Fd())
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("setting up the log: %w", err)
	}
	defer file.Close()
	saved, err := unix.FcntlInt(uintptr(stderr), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("setting up the log: %w", err)
	}
	if err := unix.Dup3(int(file.Fd()), stderr, 0); err != nil {
		unix.Close(saved)
		return nil, fmt.Errorf("setting up the log: %w", err)
	}
	return func() {
		// Nothing is lost if this fails: what follows then goes to the file as well.
		_ = unix.Dup3(saved, stderr, 0)
		unix.Close(saved)
	}, nil
}
