package initproc

import (
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// deviceMounts binds devices from the machine: a user namespace may not make device nodes.
func deviceMounts() []Mount {
	var mounts []Mount
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		mounts = append(mounts, Mount{Source: "/dev/" + name, Target: "/dev/" + name})
	}
	return mounts
}

// mountSystem mounts the file systems that every container has below the working directory. It runs before the
// root changes: a user namespace may mount /proc only where it sees another whole /proc.
func mountSystem() error {
	for _, dir := range []string{"proc", "dev", "sys", "etc", "root", "run", "var", "usr/local/bin"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"tmp", "var/tmp"} {
		if err := os.MkdirAll(dir, 0o1777); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
			return err
		}
	}
	const private = unix.MS_NOSUID | unix.MS_NOEXEC
	for _, m := range []struct {
		kind, target string
		flags        uintptr
		options      string
	}{
		{"proc", "proc", private | unix.MS_NODEV, ""},
		{"devpts", "dev/pts", private, "newinstance,ptmxmode=0666,mode=0620"},
		{"tmpfs", "dev/shm", private | unix.MS_NODEV, "mode=1777,size=64m"},
	} {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.target, m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mount /%s: %w", m.target, err)
		}
	}
	return nil
}

func makeDevices(devices []volume) error {
	if err := attachVolumes(devices); err != nil {
		return err
	}
	for name, target := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd",
		"stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, path.Join("/dev", name)); err != nil {
			return err
		}
	}
	return nil
}

// protectKernel makes the machine's settings below /proc read-only.
func protectKernel() error {
	var settings []Mount
	for _, path := range []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"} {
		if _, err := os.Stat(path); err == nil {
			settings = append(settings, Mount{Source: path, Target: path, ReadOnly: true})
		}
	}
	volumes, err := openVolumes(settings)
	if err != nil {
		return err
	}
	return attachVolumes(volumes)
}
