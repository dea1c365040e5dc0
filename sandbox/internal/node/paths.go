package node

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// What a node keeps below its directory:
//
//	containers/             the container runtime's: logs
//	pods/<uid>/volumes/     a pod's volumes, one directory each
//	pods/<uid>/messages/    termination messages, one file for each attempt
//	hostpath/               what stands for the paths of hostPath volumes
func (a *agent) podsDir() string     { return filepath.Join(a.Dir, "pods") }
func (a *agent) hostPathDir() string { return filepath.Join(a.Dir, "hostpath") }

func (a *agent) podDir(pod types.UID) string { return filepath.Join(a.podsDir(), string(pod)) }

func (w *worker) volumeDir() string { return filepath.Join(w.podDir(w.object.Load().UID), "volumes") }

func (w *worker) messageDir() string { return filepath.Join(w.podDir(w.object.Load().UID), "messages") }

// lastAttempt tells which attempt of a container of a pod left the newest log; -1 if none did.
func (a *agent) lastAttempt(pod types.UID) func(container string) int {
	return func(container string) int {
		logs, err := a.runtime.Logs(string(pod), container)
		if err != nil || len(logs) == 0 {
			return -1
		}
		number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(logs[len(logs)-1]), ".log"))
		if err != nil {
			return -1
		}
		return number
	}
}

// prune removes what the node keeps for pods that are gone.
func (a *agent) prune(keep func(uid string) bool) error {
	if err := a.runtime.Prune(keep); err != nil {
		return err
	}
	entries, err := os.ReadDir(a.podsDir())
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if keep(entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(a.podsDir(), entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
