package node

import (
	"context"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
	"github.com/meshmanager/smm/sandbox/internal/node/podstatus"
	"github.com/meshmanager/smm/sandbox/internal/node/podvolume"
)

// worker looks after one pod. Its loop alone reads and changes what is known about the pod: it asks for
// the next step, has it carried out by a goroutine, one step at a time, and is told by its inbox what came
// of that and what else happened.
type worker struct {
	*agent
	log     *slog.Logger
	inbox   *inbox
	object  atomic.Pointer[corev1.Pod] // the pod's latest object, for all goroutines
	volumes *podvolume.Set
	status  *statusWriter

	// Only for the loop.
	state    *podstate.Pod
	sandbox  *container.Pod
	attempts map[string]*attempt // the running ones
	current  *operation
	changes  int  // how often an object that the pod refers to changed
	finished bool // the pod had finished before this node began to look after it
}

// operation is a step under way.
type operation struct {
	step   podstate.Step
	cancel context.CancelFunc
	// hurry shortens the time that containers get to end; nil where nothing is stopped.
	hurry func(time.Duration)
}

func newWorker(a *agent, pod *corev1.Pod) *worker {
	w := &worker{
		agent: a, inbox: newInbox(),
		log:      a.log.With("pod", pod.Namespace+"/"+pod.Name),
		attempts: map[string]*attempt{},
		finished: podutil.IsPodPhaseTerminal(pod.Status.Phase),
	}
	w.object.Store(pod)
	w.state = podstate.Resume(pod, a.lastAttempt(pod.UID), time.Now())
	w.status = newStatusWriter(a.Client, w.log, pod)
	w.volumes = podvolume.NewSet(podvolume.Config{
		Dir: w.volumeDir(), StateDir: a.StateDir, NodeRoot: a.hostPathDir(),
		View: w.view, Client: a.Client,
		Objects:  func(ctx context.Context) podvolume.Objects { return w.objects(ctx) },
		Prepared: func() { w.inbox.post(func() { w.state.VolumesReady = true }) },
		Failed: func(volume string, err error) {
			w.events.warn(w.object.Load(), nil, eventFailedMount, "MountVolume.SetUp failed for volume %q : %v", volume, err)
		},
	})
	return w
}

// run looks after the pod until it is gone from the API server and from this node, or ctx ends.
func (w *worker) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go w.status.run(ctx)
	if !w.state.Stopped {
		w.watchObjects()
		defer w.watched.Release(w.object.Load().UID)
	}
	stopVolumes := w.runVolumes(ctx)
	for {
		step := podstate.Next(w.state, time.Now())
		if step.Action == podstate.Forget && w.current == nil {
			w.cleanUp()
			return
		}
		if w.state.Stopped {
			stopVolumes()
		}
		w.advance(ctx, step)
		w.report()
		var due <-chan time.Time
		if !step.At.IsZero() {
			due = time.After(time.Until(step.At))
		}
		select {
		case <-ctx.Done():
			w.halt()
			return
		case <-w.inbox.ready:
			w.inbox.apply()
		case <-due:
		}
	}
}

func (w *worker) runVolumes(ctx context.Context) context.CancelFunc {
	ctx, cancel := context.WithCancel(ctx)
	if !w.state.Stopped {
		go w.volumes.Run(ctx)
	}
	return cancel
}

// advance carries a step out, unless another is under way. One that is in the way of the pod's end is
// cut short.
func (w *worker) advance(ctx context.Context, step podstate.Step) {
	if w.current != nil {
		w.current.giveWay(step)
		return
	}
	carryOut, hurry := w.plan(step)
	if carryOut == nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	w.current = &operation{step: step, cancel: cancel, hurry: hurry}
	go func() {
		outcome := carryOut(ctx)
		cancel()
		w.inbox.post(func() {
			w.current = nil
			outcome()
		})
	}()
}

// giveWay makes room for a step that ends the pod.
func (o *operation) giveWay(step podstate.Step) {
	switch {
	case step.Action != podstate.Stop:
	case o.hurry == nil:
		o.cancel()
	case step.Grace < o.step.Grace:
		o.step.Grace = step.Grace
		o.hurry(step.Grace)
	}
}

// plan returns what carries a step out in a goroutine of its own. What that returns is the outcome, a
// change for the loop to make. It is nil when there is nothing to do.
func (w *worker) plan(step podstate.Step) (carryOut func(context.Context) (outcome func()), hurry func(time.Duration)) {
	switch step.Action {
	case podstate.StartSandbox:
		return w.startSandbox(), nil
	case podstate.StartContainer:
		return w.startContainer(step.Container), nil
	case podstate.KillContainer:
		return w.killContainer(step)
	case podstate.Stop:
		return w.stop(step)
	case podstate.Delete:
		return w.delete(), nil
	}
	return nil, nil
}

// report asks for the pod's status to be written. A pod that nothing was written for yet can wait the
// moment until it has an address.
func (w *worker) report() {
	starting := w.current != nil && w.current.step.Action == podstate.StartSandbox
	unknown := w.state.Object.Status.StartTime == nil
	if w.finished || w.state.Removed || starting && unknown {
		return
	}
	w.status.set(w.state.Object, podstatus.Of(w.state, w.NodeIP))
}

// update takes over a newer version of the pod's object.
func (w *worker) update(pod *corev1.Pod) {
	w.object.Store(pod)
	w.inbox.post(func() {
		old := w.state.Object
		w.state.Object = pod
		w.refuseEphemeral(old, pod)
		if !maps.Equal(old.Labels, pod.Labels) || !maps.Equal(old.Annotations, pod.Annotations) {
			w.volumes.Changed() // they may show either
		}
	})
}

// remove notes that the API server holds the pod no longer; pod is the last version of its object.
func (w *worker) remove(pod *corev1.Pod) {
	w.object.Store(pod)
	w.inbox.post(func() { w.state.Object, w.state.Removed = pod, true })
}

func (w *worker) refuseEphemeral(old, pod *corev1.Pod) {
	for i := len(old.Spec.EphemeralContainers); i < len(pod.Spec.EphemeralContainers); i++ {
		w.events.warn(pod, nil, eventNoEphemeral, "Ephemeral container %s is refused: the sandbox has no images to debug with; use kubectl exec",
			pod.Spec.EphemeralContainers[i].Name)
	}
}

// view is the pod as its volumes may see it.
func (w *worker) view() podfield.View {
	return podfield.View{Pod: w.object.Load(), HostIP: w.NodeIP, Machine: w.machine}
}
