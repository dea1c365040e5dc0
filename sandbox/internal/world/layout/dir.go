package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the directory that holds all state of a sandbox. It must be absolute.
type Dir string

// DefaultDir is where a sandbox keeps its state unless told otherwise.
func DefaultDir() (Dir, error) {
	if home := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(home) {
		return Dir(filepath.Join(home, "smm", "sandbox")), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the state directory: %w; name one with --state-dir", err)
	}
	return Dir(filepath.Join(home, ".local", "state", "smm", "sandbox")), nil
}

func (d Dir) file(parts ...string) string {
	return filepath.Join(append([]string{string(d)}, parts...)...)
}

// State is the file that says what the sandbox consists of. Where it is, is a sandbox.
func (d Dir) State() string { return d.file("sandbox.json") }

// CommandLock is held by a command that starts or ends the sandbox.
func (d Dir) CommandLock() string { return d.file("command.lock") }

// SupervisorLock is held by the supervisor as long as it lives.
func (d Dir) SupervisorLock() string { return d.file("supervisor.lock") }

// SupervisorLog is what the supervisor has to say.
func (d Dir) SupervisorLog() string { return d.file("supervisor.log") }

// Cluster is the directory of one cluster.
func (d Dir) Cluster(c Cluster) string { return d.file(c.Name()) }

// Kubeconfig is the cluster's for use from the host.
func (d Dir) Kubeconfig(c Cluster) string { return d.file(c.Name(), "kubeconfig") }

// ClusterLog is what the cluster's node agent and services have to say.
func (d Dir) ClusterLog(c Cluster) string { return d.file(c.Name(), "cluster.log") }

// ControlPlane is the directory of the cluster's control plane.
func (d Dir) ControlPlane(c Cluster) string { return d.file(c.Name(), "control-plane") }

// Node is the directory of the cluster's node agent.
func (d Dir) Node(c Cluster) string { return d.file(c.Name(), "node") }
