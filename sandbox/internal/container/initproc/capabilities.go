package initproc

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// kept tells what container engines leave to a container by default, but CAP_MKNOD: nothing here controls which devices
// a container may use, so it must not make any.
func kept(capability uintptr) bool {
	switch capability {
	case unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL,
		unix.CAP_SETGID, unix.CAP_SETUID, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW,
		unix.CAP_SYS_CHROOT, unix.CAP_AUDIT_WRITE, unix.CAP_SETFCAP:
		return true
	}
	return false
}

// dropCapabilities bounds what programs that this thread runs from now on may do.
func dropCapabilities() error {
	// Newer kernels may know more capabilities than this program; they answer EINVAL to the first unknown one.
	for capability := uintptr(0); ; capability++ {
		if kept(capability) {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", capability, err)
		}
	}
}
