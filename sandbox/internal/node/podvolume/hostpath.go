package podvolume

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	corev1 "k8s.io/api/core/v1"
)

// hostPath returns the directory or file that stands for a path of the node, and makes it where its type
// asks for that. Paths inside the sandbox's own directory are real. The rest of the machine is out of
// reach: a directory that may be made is made below nodeRoot instead, anything else is refused.
func hostPath(source *corev1.HostPathVolumeSource, stateDir, nodeRoot string) (string, error) {
	kind := corev1.HostPathUnset
	if source.Type != nil {
		kind = *source.Type
	}
	if inside(source.Path, stateDir) {
		return source.Path, ensure(source.Path, kind)
	}
	if kind != corev1.HostPathUnset && kind != corev1.HostPathDirectoryOrCreate {
		return "", fmt.Errorf("hostPath %s of type %s: containers of the sandbox see nothing of this machine outside %s",
			source.Path, kind, stateDir)
	}
	mapped, err := securejoin.SecureJoin(nodeRoot, source.Path)
	if err != nil {
		return "", fmt.Errorf("finding hostPath %s: %w", source.Path, err)
	}
	return mapped, ensure(mapped, corev1.HostPathDirectoryOrCreate)
}

// inside says that a path lies in a directory, also when symbolic links are followed.
func inside(path, dir string) bool {
	below := func(path string) bool {
		relative, err := filepath.Rel(dir, path)
		return err == nil && relative != ".." && !strings.HasPrefix(relative, "../")
	}
	if dir == "" || !below(filepath.Clean(path)) {
		return false
	}
	real, err := filepath.EvalSymlinks(path)
	return err != nil && os.IsNotExist(err) || below(real)
}

func ensure(path string, kind corev1.HostPathType) error {
	if kind == corev1.HostPathDirectoryOrCreate {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("making hostPath: %w", err)
		}
	}
	if kind == corev1.HostPathFileOrCreate {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o644)
		if err != nil {
			return fmt.Errorf("making hostPath: %w", err)
		}
		file.Close()
	}
	found, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("hostPath type check failed: %w", err)
	}
	if !matches(found.Mode(), kind) {
		return fmt.Errorf("hostPath type check failed: %s is not a %s", path, kind)
	}
	return nil
}

func matches(mode os.FileMode, kind corev1.HostPathType) bool {
	switch kind {
	case corev1.HostPathDirectory, corev1.HostPathDirectoryOrCreate:
		return mode.IsDir()
	case corev1.HostPathFile, corev1.HostPathFileOrCreate:
		return mode.IsRegular()
	case corev1.HostPathSocket:
		return mode&os.ModeSocket != 0
	case corev1.HostPathCharDev:
		return mode&os.ModeCharDevice != 0
	case corev1.HostPathBlockDev:
		return mode&os.ModeDevice != 0 && mode&os.ModeCharDevice == 0
	}
	return true
}
