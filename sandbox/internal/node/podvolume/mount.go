package podvolume

import (
	"fmt"
	"os"

	securejoin "github.com/cyphar/filepath-securejoin"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// Path is the directory of this machine that holds a volume; false when the pod has no such volume.
func (s *Set) Path(name string) (string, bool) {
	spec := &s.config.View().Pod.Spec
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		if v.Name != name {
			continue
		}
		if v.HostPath != nil {
			path, err := hostPath(v.HostPath, s.config.StateDir, s.config.NodeRoot)
			return path, err == nil
		}
		return s.dir(name), true
	}
	return "", false
}

// Mounts are what a container mounts of the pod's prepared volumes. The environment is the container's,
// for subPathExpr.
func (s *Set) Mounts(c *corev1.Container, environment map[string]string) ([]container.Mount, error) {
	var mounts []container.Mount
	for i := range c.VolumeMounts {
		m := &c.VolumeMounts[i]
		source, found := s.Path(m.Name)
		if !found {
			return nil, fmt.Errorf("volume %q of mount %s is not there", m.Name, m.MountPath)
		}
		sub := m.SubPath
		if m.SubPathExpr != "" {
			sub = expansion.Expand(m.SubPathExpr, expansion.MappingFuncFor(environment))
		}
		if sub != "" {
			var err error
			if source, err = subPath(source, sub); err != nil {
				return nil, fmt.Errorf("subPath %s of volume %q: %w", sub, m.Name, err)
			}
		}
		mounts = append(mounts, container.Mount{Source: source, Target: m.MountPath, ReadOnly: m.ReadOnly || s.isGenerated(m.Name)})
	}
	return mounts, nil
}

// isGenerated says that the files of a volume are the node's, so that containers must not change them.
func (s *Set) isGenerated(name string) bool {
	spec := &s.config.View().Pod.Spec
	for i := range spec.Volumes {
		if spec.Volumes[i].Name == name {
			return IsGenerated(&spec.Volumes[i])
		}
	}
	return false
}

// subPath finds a path inside a volume, without leaving it by links. What is missing becomes a directory.
func subPath(volume, sub string) (string, error) {
	path, err := securejoin.SecureJoin(volume, sub)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return path, makeDir(path, 0o777)
	}
	return path, nil
}
