package initproc

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// enterRoot builds the container's root on a tmpfs and makes it this process' root. The volumes are
// opened before and attached after that, so that no link in a volume can lead a mount point out of the root.
func enterRoot(c Create) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	volumes, err := openVolumes(c.Mounts)
	if err != nil {
		return err
	}
	devices, err := openVolumes(deviceMounts())
	if err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", c.Root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount the root: %w", err)
	}
	if err := os.Chdir(c.Root); err != nil {
		return err
	}
	if err := mountSystem(); err != nil {
		return err
	}
	// With both arguments the same, the old root is stacked upon the new one, from where it is detached.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detach the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := makeDevices(devices); err != nil {
		return err
	}
	if err := protectKernel(); err != nil {
		return err
	}
	for name, content := range c.Files {
		if err := writeFile(name, content); err != nil {
			return err
		}
	}
	return attachVolumes(volumes)
}

// volume is a detached copy of a part of the machine's file tree.
type volume struct {
	Mount
	fd  int
	dir bool
}

func openVolumes(mounts []Mount) ([]volume, error) {
	var volumes []volume
	for _, m := range mounts {
		fd, err := unix.OpenTree(unix.AT_FDCWD, m.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err != nil {
			return nil, fmt.Errorf("open %s for %s: %w", m.Source, m.Target, err)
		}
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			return nil, fmt.Errorf("stat %s: %w", m.Source, err)
		}
		volumes = append(volumes, volume{Mount: m, fd: fd, dir: stat.Mode&unix.S_IFMT == unix.S_IFDIR})
	}
	return volumes, nil
}

// attachVolumes attaches outer mount points before inner ones, and makes volumes read-only at last, so that
// an inner mount point can be made in an outer read-only volume.
func attachVolumes(volumes []volume) error {
	slices.SortStableFunc(volumes, func(a, b volume) int {
		return cmp.Compare(depth(a.Target), depth(b.Target))
	})
	for _, v := range volumes {
		if err := makeMountPoint(v.Target, v.dir); err != nil {
			return fmt.Errorf("make mount point: %w", err)
		}
		if err := unix.MoveMount(v.fd, "", unix.AT_FDCWD, v.Target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return fmt.Errorf("mount %s at %s: %w", v.Source, v.Target, err)
		}
	}
	for _, v := range volumes {
		if v.ReadOnly {
			if err := setReadOnly(v.fd, ""); err != nil {
				return fmt.Errorf("make %s read-only: %w", v.Target, err)
			}
		}
		unix.Close(v.fd)
	}
	return nil
}

func depth(target string) int { return strings.Count(path.Clean(target), "/") }

func makeMountPoint(target string, dir bool) error {
	if dir {
		return os.MkdirAll(target, 0o755)
	}
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	return writeFile(target, "")
}

func writeFile(name, content string) error {
	if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(content), 0o644)
}

// setReadOnly adds the read-only attribute to one mount. It leaves the mount's other attributes, which a user
// namespace may not take away, and the mounts below it.
func setReadOnly(fd int, path string) error {
	err := unix.MountSetattr(fd, path, unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	if errors.Is(err, unix.ENOSYS) {
		return errors.New("this needs Linux 5.12 or newer")
	}
	return err
}
