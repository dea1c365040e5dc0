package node

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/node/podenv"
	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
	"github.com/meshmanager/smm/sandbox/internal/node/probe"
)

// attempt is a running attempt of a container.
type attempt struct {
	spec    *corev1.Container
	process *container.Container
	// ended is closed when the loop knows of the attempt's end.
	ended chan struct{}
	// stopProbes ends its probes.
	stopProbes context.CancelFunc
}

// containerID is how statuses name an attempt.
func containerID(c *container.Container) string { return "process://" + c.ID() }

// began notes that an attempt runs, begins to probe it and waits for its end.
func (w *worker) began(s start, process *container.Container) {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{spec: s.spec, process: process, ended: make(chan struct{}), stopProbes: cancel}
	w.attempts[s.spec.Name] = a
	oneShot := w.state.IsOneShot(s.spec)
	w.state.Begin(s.spec.Name, s.number, s.spec.Image, podstate.Running{
		ID: containerID(process), StartedAt: process.Status().Started,
		Started: oneShot || s.spec.StartupProbe == nil,
		Ready:   !oneShot && s.spec.StartupProbe == nil && s.spec.ReadinessProbe == nil,
	})
	if !oneShot {
		go w.checker.Run(ctx, w.target(a, s.ip), process.Status().Started, w.probeReport(a))
	}
	go func() {
		<-process.Wait()
		cancel()
		status := process.Status()
		message := terminationMessage(s.spec, s.message, process.LogPath(), status.Code != 0)
		w.inbox.post(func() { w.ended(a, exitState(status, containerID(process), message)) })
	}()
}

// ended notes how an attempt ended.
func (w *worker) ended(a *attempt, exit corev1.ContainerStateTerminated) {
	defer close(a.ended)
	delete(w.attempts, a.spec.Name)
	w.state.End(a.spec.Name, exit)
	w.log.Info("container ended", "container", a.spec.Name, "code", exit.ExitCode, "reason", exit.Reason)
	if w.state.WillRestart(a.spec) && w.state.StartableAt(a.spec).After(exit.FinishedAt.Time) {
		w.events.warn(w.state.Object, a.spec, eventBackOff, "Back-off restarting failed container %s in pod %s_%s(%s)",
			a.spec.Name, w.state.Object.Name, w.state.Object.Namespace, w.state.Object.UID)
	}
}

// target is what probes of an attempt check.
func (w *worker) target(a *attempt, ip string) probe.Target {
	static := map[string]string{}
	for _, v := range a.spec.Env {
		static[v.Name] = v.Value
	}
	return probe.Target{Container: a.spec, IP: ip, Exec: func(ctx context.Context, argv []string, output io.Writer) (int, error) {
		return a.process.Exec(ctx, container.ExecSpec{
			Argv: podenv.Expand(argv, static), Streams: container.Streams{Stdout: output, Stderr: output}})
	}}
}

// probeReport takes what the probes of an attempt find to the loop.
func (w *worker) probeReport(a *attempt) probe.Report {
	// What is found out about an attempt that has ended does not matter any more.
	note := func(change func(*podstate.Running)) {
		w.inbox.post(func() {
			if running := w.state.Containers[a.spec.Name].Running; running != nil && w.attempts[a.spec.Name] == a {
				change(running)
			}
		})
	}
	return probe.Report{
		Started: func() { note(func(r *podstate.Running) { r.Started = true }) },
		Ready:   func(ready bool) { note(func(r *podstate.Running) { r.Ready = ready }) },
		Unhealthy: func(kind probe.Kind, spec *corev1.Probe) {
			verdict := &podstate.Unhealthy{Message: unhealthyMessage(a.spec.Name, kind), Grace: spec.TerminationGracePeriodSeconds}
			note(func(r *podstate.Running) { r.Unhealthy = verdict })
		},
		Failed: func(kind probe.Kind, err error) {
			w.events.warn(w.object.Load(), a.spec, eventUnhealthy, "%s probe failed: %v", kind, err)
		},
	}
}

func unhealthyMessage(container string, kind probe.Kind) string {
	name := map[probe.Kind]string{probe.Startup: "startup", probe.Liveness: "liveness"}[kind]
	return fmt.Sprintf("Container %s failed %s probe, will be restarted", container, name)
}
