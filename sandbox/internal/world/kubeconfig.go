//go:build linux

package world

import (
	"fmt"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// Kubeconfigs returns the paths of all clusters' kubeconfigs, in order.
func Kubeconfigs(dir layout.Dir) ([]string, error) {
	s, err := readState(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, c := range layout.Clusters(s.Clusters) {
		paths = append(paths, dir.Kubeconfig(c))
	}
	return paths, nil
}

// Kubeconfig returns the path of one cluster's kubeconfig. An empty name means the first cluster.
func Kubeconfig(dir layout.Dir, name string) (string, error) {
	s, err := readState(dir)
	if err != nil {
		return "", err
	}
	cluster := layout.Cluster(1)
	if name != "" {
		if cluster, err = layout.ParseCluster(name); err != nil {
			return "", err
		}
	}
	if int(cluster) > s.Clusters {
		return "", fmt.Errorf("there is no cluster %s: the sandbox has %d", name, s.Clusters)
	}
	return dir.Kubeconfig(cluster), nil
}
