package podvolume

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"

	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
)

// Config says where the volumes of a pod are and what they are made from.
type Config struct {
	// Dir holds the pod's volumes, one directory each.
	Dir string
	// StateDir is the sandbox's own directory, in which hostPath volumes are real.
	StateDir string
	// NodeRoot holds the directories that other hostPath volumes get.
	NodeRoot string
	// View returns the pod as it is now.
	View func() podfield.View
	// Objects reads ConfigMaps and Secrets until the context ends.
	Objects func(context.Context) Objects
	// Client requests tokens.
	Client kubernetes.Interface
	// Prepared is called once, when all volumes have their content.
	Prepared func()
	// Failed is called for each attempt to give a volume its content that failed.
	Failed func(volume string, err error)
}

// Set is the volumes of one pod.
type Set struct {
	config   Config
	tokens   tokens
	dirty    chan struct{}
	prepared atomic.Bool
}

// NewSet returns the volumes of a pod. They have no content before Run.
func NewSet(config Config) *Set {
	return &Set{
		config: config,
		tokens: tokens{client: config.Client, now: time.Now, held: map[tokenKey]heldToken{}},
		dirty:  make(chan struct{}, 1),
	}
}

// Prepared says that all volumes have their content.
func (s *Set) Prepared() bool { return s.prepared.Load() }

// Changed tells that something volumes are made from may have changed.
func (s *Set) Changed() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 2 * time.Minute
)

// Run gives the volumes their content and keeps it up to date until ctx ends.
func (s *Set) Run(ctx context.Context) {
	retry := firstRetry
	for {
		var due <-chan time.Time
		if err := s.sync(ctx); err != nil {
			due, retry = time.After(retry), min(2*retry, lastRetry)
		} else {
			if !s.prepared.Swap(true) {
				s.config.Prepared()
			}
			retry = firstRetry
			if at := s.tokens.due(); !at.IsZero() {
				due = time.After(time.Until(at))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.dirty:
		case <-due:
		}
	}
}

// sync brings the content of each volume up to date.
func (s *Set) sync(ctx context.Context) error {
	view := s.config.View()
	from := Sources{View: view, Objects: s.config.Objects(ctx),
		Token: func(want *corev1.ServiceAccountTokenProjection) (string, error) {
			return s.tokens.get(ctx, view.Pod, want)
		}}
	var all []error
	for i := range view.Pod.Spec.Volumes {
		v := &view.Pod.Spec.Volumes[i]
		if err := s.fill(v, from); err != nil && ctx.Err() == nil {
			s.config.Failed(v.Name, err)
			all = append(all, err)
		}
	}
	return errors.Join(append(all, ctx.Err())...)
}

func (s *Set) fill(v *corev1.Volume, from Sources) error {
	dir := s.dir(v.Name)
	switch {
	case v.EmptyDir != nil:
		if _, err := os.Stat(dir); err == nil {
			return nil // kept with all that its pod made of it
		}
		return makeDir(dir, 0o777)
	case v.HostPath != nil:
		_, err := hostPath(v.HostPath, s.config.StateDir, s.config.NodeRoot)
		return err
	case IsGenerated(v):
		files, err := Payload(v, from)
		if err != nil {
			return err
		}
		return write(dir, files)
	}
	return errors.New("the sandbox has no volumes of this kind; it has configMap, secret, projected, downwardAPI, emptyDir and hostPath")
}

// write makes the files the content of a directory, all at once.
func write(dir string, files Files) error {
	if err := makeDir(dir, 0o755); err != nil {
		return err
	}
	// A link left by a write that was cut off would make every later one fail.
	if err := os.Remove(filepath.Join(dir, "..data_tmp")); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("clearing volume: %w", err)
	}
	writer, err := volumeutil.NewAtomicWriter(dir, dir)
	if err != nil {
		return fmt.Errorf("opening volume: %w", err)
	}
	if err := writer.Write(files, nil); err != nil {
		return fmt.Errorf("writing volume: %w", err)
	}
	return nil
}

// makeDir makes a directory with a mode that the process's umask does not narrow.
func makeDir(dir string, mode os.FileMode) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making volume: %w", err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		return fmt.Errorf("making volume: %w", err)
	}
	return nil
}

func (s *Set) dir(volume string) string { return filepath.Join(s.config.Dir, volume) }
