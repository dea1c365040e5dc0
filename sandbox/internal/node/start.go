package node

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshmanager/smm/sandbox/internal/container"
	"github.com/meshmanager/smm/sandbox/internal/node/podenv"
	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// Pauses before a container that cannot be started is tried again.
const (
	configRetry = 10 * time.Second
	imageRetry  = 20 * time.Second
)

// start is one attempt to start a container, in the making.
type start struct {
	*worker
	pod     *corev1.Pod
	spec    *corev1.Container
	number  int
	ip      string
	sandbox *container.Pod
	message string // the file for the termination message
}

// startContainer runs the next attempt of a container, up to the end of its postStart hook.
func (w *worker) startContainer(name string) func(context.Context) func() {
	s := start{
		worker: w, pod: w.state.Object, spec: containerOf(w.state.Object, name),
		number: w.state.Containers[name].Attempt + 1, ip: w.state.IP, sandbox: w.sandbox,
	}
	changes := w.changes
	return func(ctx context.Context) func() {
		image, found := w.Executables.Lookup(s.spec.Image)
		if !found {
			return s.waits(reasonErrImage, w.Executables.missing(s.spec.Image), imageRetry, changes)
		}
		spec, err := s.containerSpec(ctx, image)
		if err != nil {
			return s.waits(reasonConfigError, err.Error(), configRetry, changes)
		}
		running, err := s.sandbox.Start(ctx, spec)
		if err != nil {
			return s.failed(ctx, err)
		}
		w.events.normal(s.pod, s.spec, eventStarted, reasonContainerStarted)
		s.postStart(ctx, running)
		return func() { w.began(s, running) }
	}
}

// containerOf finds a container or init container of a pod.
func containerOf(pod *corev1.Pod, name string) *corev1.Container {
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// containerSpec resolves all that the attempt needs.
func (s *start) containerSpec(ctx context.Context, image container.Image) (container.Spec, error) {
	environment, err := s.environment(ctx)
	if err != nil {
		return container.Spec{}, err
	}
	mounts, err := s.volumes.Mounts(s.spec, environment)
	if err != nil {
		return container.Spec{}, err
	}
	if s.message, err = messageFile(s.messageDir(), s.spec.Name, s.number); err != nil {
		return container.Spec{}, err
	}
	if target := s.spec.TerminationMessagePath; target != "" {
		mounts = append(mounts, container.Mount{Source: s.message, Target: target})
	}
	security := s.spec.SecurityContext
	return container.Spec{
		Name: s.spec.Name, Attempt: s.number, Executable: image,
		Args: podenv.Command(s.spec, image.Entrypoint, environment), Env: podenv.List(environment),
		WorkDir: s.spec.WorkingDir, Mounts: mounts,
		ReadOnlyRoot: security != nil && security.ReadOnlyRootFilesystem != nil && *security.ReadOnlyRootFilesystem,
		TTY:          s.spec.TTY, Stdin: s.spec.Stdin,
	}, nil
}

func (s *start) environment(ctx context.Context) (map[string]string, error) {
	services, err := s.services.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("listing services: %w", err)
	}
	links := s.pod.Spec.EnableServiceLinks == nil || *s.pod.Spec.EnableServiceLinks
	return podenv.Resolve(s.spec, podenv.Sources{
		View:     podfield.View{Pod: s.pod, IP: s.ip, HostIP: s.NodeIP, Machine: s.machine},
		Objects:  s.objects(ctx),
		Services: podenv.ServiceVariables(services, s.pod.Namespace, links),
		Volume:   s.volumes.Path,
	})
}

// postStart runs the container's hook. If that fails, the container is ended: its end is then seen as any other.
func (s *start) postStart(ctx context.Context, running *container.Container) {
	if s.spec.Lifecycle == nil || s.spec.Lifecycle.PostStart == nil {
		return
	}
	err := runHook(ctx, s.spec.Lifecycle.PostStart, s.spec, running, s.ip)
	if err == nil || ctx.Err() != nil {
		return
	}
	s.log.Warn("postStart hook failed", "container", s.spec.Name, "error", err)
	s.events.warn(s.pod, s.spec, eventPostStartFailed, "PostStartHook failed: %v", err)
	s.events.normal(s.pod, s.spec, eventKilling, "FailedPostStartHook")
	grace := (&podstate.Pod{Object: s.pod}).Grace()
	if err := running.Stop(ctx, grace); err != nil {
		s.log.Warn("stopping container", "container", s.spec.Name, "error", err)
	}
}

// waits is the outcome that the container cannot be started for now. When an object that the pod refers
// to changed in the meantime, it is tried again at once.
func (s *start) waits(reason, message string, retry time.Duration, changes int) func() {
	s.events.warn(s.pod, s.spec, waitEvent(reason), "%s", message)
	return func() {
		waiting := &podstate.Waiting{Reason: reason, Message: message, Retry: time.Now().Add(retry)}
		if reason == reasonConfigError && s.changes != changes {
			waiting.Retry = time.Time{}
		}
		s.state.Containers[s.spec.Name].Waiting = waiting
	}
}

func waitEvent(reason string) string {
	if reason == reasonErrImage {
		return reasonErrImage
	}
	return eventFailed
}

// failed is the outcome that the container's program could not be run.
func (s *start) failed(ctx context.Context, err error) func() {
	if ctx.Err() != nil {
		return func() {} // the pod is about to end
	}
	s.log.Warn("starting container", "container", s.spec.Name, "error", err)
	s.events.warn(s.pod, s.spec, eventFailed, "Error: %v", err)
	now := metav1.Now()
	return func() {
		s.state.Fail(s.spec.Name, s.number, s.spec.Image, corev1.ContainerStateTerminated{
			ExitCode: startErrorCode, Reason: "StartError", Message: err.Error(), StartedAt: now, FinishedAt: now,
		})
	}
}
