package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/sandbox/internal/node/podstatus"
)

// statusWriter writes the status of one pod: one patch at a time, always the latest status, and only
// where it differs from what the API server holds.
type statusWriter struct {
	client kubernetes.Interface
	log    *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex
	base    *corev1.Pod // the newest known version of the object
	want    *corev1.PodStatus
	pending bool          // want is not written yet
	written chan struct{} // closed when pending becomes false
}

func newStatusWriter(client kubernetes.Interface, log *slog.Logger, pod *corev1.Pod) *statusWriter {
	return &statusWriter{client: client, log: log, wake: make(chan struct{}, 1), base: pod, written: make(chan struct{})}
}

// set asks for a status that was computed for a version of the pod's object.
func (w *statusWriter) set(pod *corev1.Pod, status corev1.PodStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stale := w.advance(pod)
	if !stale && w.want != nil && equality.Semantic.DeepEqual(*w.want, status) {
		return
	}
	w.want = &status
	if !w.pending {
		w.pending, w.written = true, make(chan struct{})
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// advance takes over a newer version of the object and says whether it is one that somebody else wrote.
func (w *statusWriter) advance(pod *corev1.Pod) bool {
	order, err := resourceversion.CompareResourceVersion(pod.ResourceVersion, w.base.ResourceVersion)
	if err != nil || order <= 0 {
		return false
	}
	w.base = pod
	return true
}

// flush waits until the status asked for last is written.
func (w *statusWriter) flush(ctx context.Context) error {
	w.mu.Lock()
	pending, written := w.pending, w.written
	w.mu.Unlock()
	if !pending {
		return nil
	}
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const (
	firstStatusRetry = 50 * time.Millisecond
	lastStatusRetry  = 5 * time.Second
)

// run writes until ctx ends or the object is gone.
func (w *statusWriter) run(ctx context.Context) {
	retry := firstStatusRetry
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for {
			done, err := w.write(ctx)
			if err == nil && done {
				retry = firstStatusRetry
				break
			}
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				w.log.Warn("writing pod status", "error", err)
				select {
				case <-ctx.Done():
					return
				case <-time.After(retry):
				}
				retry = min(2*retry, lastStatusRetry)
			}
		}
	}
}

// write makes one attempt to write what is asked for. It returns true when nothing is left to write.
func (w *statusWriter) write(ctx context.Context) (bool, error) {
	w.mu.Lock()
	base, want := w.base, w.want
	w.mu.Unlock()
	patch, err := statusPatch(base, podstatus.Carry(*want, base.Status))
	if err != nil {
		return false, err
	}
	latest := base
	if patch != nil {
		latest, err = w.client.CoreV1().Pods(base.Namespace).
			Patch(ctx, base.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		switch {
		case apierrors.IsConflict(err):
			return false, w.reload(ctx, base)
		case apierrors.IsNotFound(err):
			return w.finish(want, base), nil
		case err != nil:
			return false, fmt.Errorf("patching status: %w", err)
		}
	}
	return w.finish(want, latest), nil
}

// reload reads the object, which somebody changed since base. A pod of that name with another UID is not this one.
func (w *statusWriter) reload(ctx context.Context, base *corev1.Pod) error {
	pod, err := w.client.CoreV1().Pods(base.Namespace).Get(ctx, base.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), err == nil && pod.UID != base.UID:
		w.mu.Lock()
		want := w.want
		w.mu.Unlock()
		w.finish(want, base)
		return nil
	case err != nil:
		return fmt.Errorf("reading pod after a conflict: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance(pod)
	return nil
}

// finish notes that a status is written and the version of the object that came of it.
func (w *statusWriter) finish(written *corev1.PodStatus, latest *corev1.Pod) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance(latest)
	if w.want != written {
		return false
	}
	if w.pending {
		w.pending = false
		close(w.written)
	}
	return true
}

// statusPatch is the JSON merge patch that gives the pod's object a status; nil when it has that already.
// A strategic merge patch would not do: it merges podIPs by address, so that an old one would stay. As a
// merge patch replaces lists as a whole, it names the version that it was made for.
func statusPatch(pod *corev1.Pod, status corev1.PodStatus) ([]byte, error) {
	before, err := json.Marshal(map[string]any{"status": pod.Status})
	if err != nil {
		return nil, fmt.Errorf("encoding status: %w", err)
	}
	after, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return nil, fmt.Errorf("encoding status: %w", err)
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(before, after, before)
	if err != nil {
		return nil, fmt.Errorf("comparing statuses: %w", err)
	}
	changes := map[string]any{}
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, fmt.Errorf("comparing statuses: %w", err)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	changes["metadata"] = map[string]any{"uid": pod.UID, "resourceVersion": pod.ResourceVersion}
	return json.Marshal(changes)
}
