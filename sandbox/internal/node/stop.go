package node

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// lastGrace is what a container gets to end by itself in any case.
const lastGrace = 2 * time.Second

// stopping ends containers by a deadline, which may be brought forward.
type stopping struct {
	*worker
	deadline context.Context // ends when the grace does
	cancel   context.CancelFunc
	expire   *time.Timer

	mu  sync.Mutex
	end time.Time
}

func (w *worker) newStopping(grace time.Duration) *stopping {
	deadline, cancel := context.WithCancel(context.Background())
	return &stopping{
		worker: w, deadline: deadline, cancel: cancel,
		expire: time.AfterFunc(grace, cancel), end: time.Now().Add(grace),
	}
}

// within makes the deadline end with ctx too. Call what it returns when all is done.
func (s *stopping) within(ctx context.Context) (done func()) {
	unbind := context.AfterFunc(ctx, s.cancel)
	return func() {
		unbind()
		s.expire.Stop()
		s.cancel()
	}
}

// hurry brings the deadline forward.
func (s *stopping) hurry(grace time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end := time.Now().Add(grace); end.Before(s.end) {
		s.end = end
		s.expire.Reset(grace)
	}
}

func (s *stopping) remaining() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(s.end)
}

// killContainer ends one container, which then restarts if its pod's policy says so.
func (w *worker) killContainer(step podstate.Step) (func(context.Context) func(), func(time.Duration)) {
	a, pod, ip := w.attempts[step.Container], w.state.Object, w.state.IP
	s := w.newStopping(step.Grace)
	return func(ctx context.Context) func() {
		defer s.within(ctx)()
		w.events.normal(pod, a.spec, eventKilling, "%s", step.Message)
		s.stopContainer(ctx, a, ip, nil)
		return func() {}
	}, s.hurry
}

// stop ends the whole pod: all containers at once, but sidecars after the others, then the network.
func (w *worker) stop(step podstate.Step) (func(context.Context) func(), func(time.Duration)) {
	pod, ip, sandbox := w.state.Object, w.state.IP, w.sandbox
	running := map[string]*attempt{}
	for name, a := range w.attempts {
		running[name] = a
	}
	s := w.newStopping(step.Grace)
	return func(ctx context.Context) func() {
		defer s.within(ctx)()
		var all sync.WaitGroup
		for name, a := range running {
			var first []*attempt
			for _, other := range podstate.StopsAfter(&pod.Spec, name) {
				if running[other] != nil {
					first = append(first, running[other])
				}
			}
			w.events.normal(pod, a.spec, eventKilling, "Stopping container %s", name)
			all.Go(func() { s.stopContainer(ctx, a, ip, first) })
		}
		all.Wait()
		if sandbox != nil {
			if err := sandbox.Stop(ctx); err != nil {
				w.log.Warn("stopping pod", "error", err)
			}
		}
		w.addresses.release(pod.UID)
		return func() {
			w.state.Stopped, w.state.SandboxUp, w.state.Failure = true, false, step.Failure
		}
	}, s.hurry
}

// stopContainer runs the container's preStop hook, waits for others that have to end first, asks the
// container to end and, when the time is over, kills it. It returns when the loop knows of its end.
func (s *stopping) stopContainer(ctx context.Context, a *attempt, ip string, first []*attempt) {
	if hook := a.spec.Lifecycle; hook != nil && hook.PreStop != nil {
		if err := runHook(s.deadline, hook.PreStop, a.spec, a.process, ip); err != nil && a.process.Status().Running {
			s.log.Warn("preStop hook failed", "container", a.spec.Name, "error", err)
			s.events.warn(s.object.Load(), a.spec, eventPreStopFailed, "PreStopHook failed: %v", err)
		}
	}
	for _, other := range first {
		select {
		case <-other.ended:
		case <-s.deadline.Done():
		}
	}
	until, grace := s.deadline, s.remaining()
	if grace < lastGrace { // the hook used up the time
		until, grace = context.WithoutCancel(ctx), lastGrace
	}
	if err := a.process.Stop(until, grace); err != nil {
		s.log.Warn("stopping container", "container", a.spec.Name, "error", err)
		return
	}
	select {
	case <-a.ended:
	case <-ctx.Done():
	}
}

// haltGrace is what containers get to end by themselves when the node stops.
const haltGrace = 2 * time.Second

// halt ends the pod's containers because the node stops. The pod stays, and runs again when the node does.
func (w *worker) halt() {
	var all sync.WaitGroup
	for _, a := range w.attempts {
		all.Go(func() {
			if err := a.process.Stop(context.Background(), haltGrace); err != nil {
				w.log.Warn("stopping container", "container", a.spec.Name, "error", err)
			}
		})
	}
	all.Wait()
}

const (
	flushTimeout = 5 * time.Second
	deleteRetry  = time.Second
)

// delete removes the pod's object, once its last status is written.
func (w *worker) delete() func(context.Context) func() {
	pod := w.state.Object
	w.report()
	return func(ctx context.Context) func() {
		flushing, cancel := context.WithTimeout(ctx, flushTimeout)
		defer cancel()
		if err := w.status.flush(flushing); err != nil {
			w.log.Warn("the pod's last status was not written", "error", err)
		}
		now := int64(0)
		err := w.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID},
		})
		// A conflict means that the name is another pod's now.
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return func() { w.state.Removed = true }
		}
		w.log.Warn("deleting pod", "error", err)
		_ = sleep(ctx, deleteRetry) // a step after the end of ctx does nothing
		return func() {}
	}
}

// cleanUp removes all that the node keeps for a pod that is gone.
func (w *worker) cleanUp() {
	uid := w.object.Load().UID
	err := os.RemoveAll(w.podDir(uid))
	if err != nil {
		err = fmt.Errorf("removing the pod's files: %w", err)
	} else if err = w.runtime.RemoveLogs(string(uid)); err != nil {
		err = fmt.Errorf("removing the pod's logs: %w", err)
	}
	if err != nil {
		w.log.Warn("cleaning up", "error", err)
	}
}
