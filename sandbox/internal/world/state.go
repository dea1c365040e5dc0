//go:build linux

// Package world is the sandbox as seen from the host: it starts, finds, judges
// and ends the processes that package inside runs in namespaces of their own.
package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/meshmanager/smm/sandbox/internal/world/layout"
)

// state is what a sandbox remembers from one start to the next.
type state struct {
	// Clusters is how many there are.
	Clusters int `json:"clusters"`
	// Networks is how many networks they take turns in, 0 for one each.
	Networks int `json:"networks,omitempty"`
	// Ports on 127.0.0.1 of the clusters' API servers, by cluster name.
	Ports map[string]int `json:"ports"`
}

func (s state) topology() layout.Topology {
	return layout.Topology{Clusters: s.Clusters, Networks: s.Networks}
}

// ReadTopology tells which clusters of the sandbox reach each other's pods.
func ReadTopology(dir layout.Dir) (layout.Topology, error) {
	s, err := readState(dir)
	return s.topology(), err
}

var errNoSandbox = errors.New("no sandbox")

// readState fails with errNoSandbox where there is none.
func readState(dir layout.Dir) (state, error) {
	data, err := os.ReadFile(dir.State())
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, fmt.Errorf("%w in %s", errNoSandbox, dir)
	}
	if err != nil {
		return state{}, fmt.Errorf("reading the sandbox's state: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("reading the sandbox's state %s: %w", dir.State(), err)
	}
	return s, nil
}

func writeState(dir layout.Dir, s state) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the sandbox's state: %w", err)
	}
	next := dir.State() + ".new"
	if err := os.WriteFile(next, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the sandbox's state: %w", err)
	}
	if err := os.Rename(next, dir.State()); err != nil {
		return fmt.Errorf("writing the sandbox's state: %w", err)
	}
	return nil
}

// resume decides how many clusters to start: as many as asked for, or else as last time, or else one. The networks are
// those of the first time.
func resume(last state, asked, networks int) (state, error) {
	next := state{Clusters: last.Clusters, Networks: last.Networks, Ports: map[string]int{}}
	if last.Clusters == 0 {
		next.Networks = networks
	} else if networks != 0 && networks != last.Networks {
		return state{}, fmt.Errorf("the sandbox has clusters whose networks stay as they are: run down first to start anew with --networks %d", networks)
	}
	if asked != 0 {
		next.Clusters = asked
	}
	if next.Clusters == 0 {
		next.Clusters = 1
	}
	if next.Clusters < 1 || next.Clusters > layout.MaxClusters {
		return state{}, fmt.Errorf("%d clusters are not possible: between 1 and %d are", next.Clusters, layout.MaxClusters)
	}
	if next.Clusters < last.Clusters {
		return state{}, fmt.Errorf("the sandbox has %d clusters and keeps them: run down first to start anew with %d", last.Clusters, next.Clusters)
	}
	if !next.topology().Possible() {
		return state{}, fmt.Errorf("%d clusters on %d networks are not possible: too many would be in one", next.Clusters, next.Networks)
	}
	for name, port := range last.Ports {
		next.Ports[name] = port
	}
	return next, nil
}

// enterDir makes the directory, and refuses one that holds something else.
func enterDir(dir layout.Dir) error {
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	if _, err := os.Stat(dir.State()); err == nil {
		return nil
	}
	entries, err := os.ReadDir(string(dir))
	if err != nil {
		return fmt.Errorf("reading the state directory: %w", err)
	}
	for _, entry := range entries {
		if path := filepath.Join(string(dir), entry.Name()); path != dir.CommandLock() {
			return fmt.Errorf("%s holds other files, such as %s: name an empty or new directory", dir, entry.Name())
		}
	}
	return nil
}
