package container

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/meshmanager/smm/sandbox/internal/container/crilog"
)

func (r *Runtime) logsDir() string { return filepath.Join(r.dir, "logs") }

func (r *Runtime) logPath(uid, container string, attempt int) string {
	return filepath.Join(r.logsDir(), uid, container, strconv.Itoa(attempt)+".log")
}

// Logs lists the log files of a container's attempts that are still kept (the newest two), oldest
// first, also those that an earlier Runtime of this directory wrote.
func (r *Runtime) Logs(uid, container string) ([]string, error) {
	attempts, err := r.attempts(uid, container)
	var paths []string
	for _, attempt := range attempts {
		paths = append(paths, r.logPath(uid, container, attempt))
	}
	return paths, err
}

// attempts lists the attempts of a container that have a log, oldest first.
func (r *Runtime) attempts(uid, container string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(r.logPath(uid, container, 0)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list container logs: %w", err)
	}
	var attempts []int
	for _, e := range entries {
		name, isLog := strings.CutSuffix(e.Name(), ".log")
		if attempt, err := strconv.Atoi(name); isLog && err == nil {
			attempts = append(attempts, attempt)
		}
	}
	slices.SortFunc(attempts, cmp.Compare[int])
	return attempts, nil
}

// dropLogs makes room for an attempt's log: of the earlier attempts only the last one's is kept.
func (r *Runtime) dropLogs(uid, container string, attempt int) error {
	attempts, err := r.attempts(uid, container)
	if err != nil {
		return err
	}
	for _, old := range attempts[:max(len(attempts)-1, 0)] {
		if old == attempt {
			continue
		}
		path := r.logPath(uid, container, old)
		rotated, err := crilog.Rotated(path)
		if err != nil {
			return err
		}
		for _, file := range append(rotated, path) {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// RemoveLogs deletes the logs of a pod, also of one that an earlier Runtime of this directory ran.
func (r *Runtime) RemoveLogs(uid string) error {
	return os.RemoveAll(filepath.Join(r.logsDir(), uid))
}

// Prune deletes the logs of every pod for which keep is false.
func (r *Runtime) Prune(keep func(uid string) bool) error {
	entries, err := os.ReadDir(r.logsDir())
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !keep(e.Name()) {
			errs = append(errs, r.RemoveLogs(e.Name()))
		}
	}
	return errors.Join(errs...)
}
