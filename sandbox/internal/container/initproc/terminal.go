package initproc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal in the container's own devpts, gives its master end to the runtime and returns
// the other end.
func openTerminal() (int, error) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open a terminal: %w", err)
	}
	defer unix.Close(master)
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return 0, fmt.Errorf("unlock the terminal: %w", err)
	}
	slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return 0, fmt.Errorf("open the terminal's other end: %w", errno)
	}
	return int(slave), send(Reply{Terminal: true}, master)
}

// takeTerminal makes a new terminal the controlling one of this session and its standard streams.
func takeTerminal() error {
	slave, err := openTerminal()
	if err != nil {
		return err
	}
	if err := unix.IoctlSetInt(slave, unix.TIOCSCTTY, 0); err != nil {
		return fmt.Errorf("take the terminal: %w", err)
	}
	for stream := range 3 {
		if err := unix.Dup3(slave, stream, 0); err != nil {
			return fmt.Errorf("use the terminal: %w", err)
		}
	}
	return unix.Close(slave)
}
