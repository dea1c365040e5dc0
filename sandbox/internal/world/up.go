//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// UpOptions says what to start. The zero value resumes what was there, or starts one cluster.
type UpOptions struct {
	// Clusters is how many there shall be; 0 means as many as last time, or one.
	Clusters int
	// Networks is how many networks the clusters take turns in; 0 means as last time, or one for each cluster.
	Networks int
	// PortBase is the port of the first cluster's API server on the host, the
	// next cluster has the next. 0 means those of last time, or free ones.
	PortBase int
}

// Up starts the sandbox in the background unless it runs, and returns its
// clusters. These are not ready yet: see WaitReady.
func Up(ctx context.Context, dir layout.Dir, options UpOptions) ([]layout.Cluster, error) {
	if err := enterDir(dir); err != nil {
		return nil, err
	}
	lock, err := lockCommand(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	last, err := readState(dir)
	isNew := errors.Is(err, errNoSandbox)
	if err != nil && !isNew {
		return nil, err
	}
	pid, err := supervisor(dir)
	if err != nil {
		return nil, err
	}
	if pid != 0 {
		return layout.Clusters(last.Clusters), sameAsRunning(last, options)
	}
	next, err := resume(last, options.Clusters, options.Networks)
	if err != nil {
		return nil, err
	}
	if err := start(ctx, dir, next, options.PortBase); err != nil {
		if isNew {
			err = errors.Join(err, removeFiles(dir, next))
		}
		return nil, err
	}
	return layout.Clusters(next.Clusters), nil
}

// sameAsRunning refuses to change a sandbox that runs.
func sameAsRunning(running state, options UpOptions) error {
	if options.Clusters != 0 && options.Clusters != running.Clusters {
		return fmt.Errorf("the sandbox runs with %d clusters: run down --keep-state first to start it with %d", running.Clusters, options.Clusters)
	}
	if options.Networks != 0 && options.Networks != running.Networks {
		return fmt.Errorf("the sandbox runs with other networks: run down first to start it anew with --networks %d", options.Networks)
	}
	for _, c := range layout.Clusters(running.Clusters) {
		if port, _ := wantedPort(running, c, options.PortBase); port != running.Ports[c.Name()] {
			return fmt.Errorf("the sandbox runs with port %d for %s: run down --keep-state first to change it", running.Ports[c.Name()], c.Name())
		}
	}
	return nil
}

func start(ctx context.Context, dir layout.Dir, s state, portBase int) error {
	listeners, err := openListeners(s, portBase)
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	for _, c := range layout.Clusters(s.Clusters) {
		if err := os.MkdirAll(dir.Cluster(c), 0o700); err != nil {
			return fmt.Errorf("making the directory of cluster %s: %w", c.Name(), err)
		}
	}
	if err := writeState(dir, s); err != nil {
		return err
	}
	return spawn(ctx, dir, listeners)
}
