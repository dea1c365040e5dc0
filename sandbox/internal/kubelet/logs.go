package kubelet

import (
	"context"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/util/flushwriter"
	cri "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-client/pkg/logs"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // how a query becomes PodLogOptions
	"k8s.io/kubernetes/pkg/apis/core/v1/validation"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

func (s *server) containerLogs(w http.ResponseWriter, r *http.Request) {
	var options corev1.PodLogOptions
	if err := legacyscheme.ParameterCodec.DecodeParameters(r.URL.Query(), corev1.SchemeGroupVersion, &options); err != nil {
		writeError(w, badRequest("Unable to decode query: %v", err))
		return
	}
	if errs := validation.ValidatePodLogOptions(&options); len(errs) > 0 {
		writeError(w, badRequest("Invalid request: %v", errs.ToAggregate()))
		return
	}
	path, following, err := s.logFile(r, options)
	if err != nil {
		writeError(w, err)
		return
	}
	if options.Follow {
		// The follower of a silent container shall know at once that it is connected.
		http.NewResponseController(w).Flush()
	}
	flushing := flushwriter.Wrap(w)
	stdout, stderr := flushing, flushing
	if options.Stream != nil && *options.Stream == corev1.LogStreamStdout {
		stderr = nil
	} else if options.Stream != nil && *options.Stream == corev1.LogStreamStderr {
		stdout = nil
	}
	err = logs.ReadLogs(r.Context(), path, "", readOptions(options, time.Now()), following, stdout, stderr)
	if err != nil && r.Context().Err() == nil {
		writeError(w, err)
	}
}

// logFile finds the log that a request asks for, and the container that may still write it.
func (s *server) logFile(r *http.Request, options corev1.PodLogOptions) (string, state, error) {
	pod, err := s.pod(r)
	if err != nil {
		return "", state{}, err
	}
	name := r.PathValue("container")
	if !slices.Contains(containerNames(pod), name) {
		return "", state{}, notFound("container %q not found in pod %q", name, pod.Name)
	}
	files, err := s.Runtime.Logs(string(pod.UID), name)
	if err != nil {
		return "", state{}, err
	}
	switch {
	case options.Previous && len(files) < 2:
		return "", state{}, badRequest("previous terminated container %q in pod %q not found", name, pod.Name)
	case options.Previous:
		return files[len(files)-2], state{}, nil
	case len(files) == 0:
		return "", state{}, badRequest("container %q in pod %q is waiting to start: %s", name, pod.Name, waitingReason(pod, name))
	}
	var following state
	if running, ok := s.Runtime.Pod(string(pod.UID)); ok {
		following.container, _ = running.Container(name)
	}
	return files[len(files)-1], following, nil
}

func waitingReason(pod *corev1.Pod, name string) string {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		if status.Name == name && status.State.Waiting != nil {
			return status.State.Waiting.Reason
		}
	}
	return "ContainerCreating"
}

func readOptions(options corev1.PodLogOptions, now time.Time) *logs.LogOptions {
	read := &logs.LogOptions{
		TailLines: options.TailLines, LimitBytes: options.LimitBytes,
		Follow: options.Follow, Timestamp: options.Timestamps,
	}
	switch {
	case options.SinceSeconds != nil:
		read.Since = now.Add(-time.Duration(*options.SinceSeconds) * time.Second)
	case options.SinceTime != nil:
		read.Since = options.SinceTime.Time
	}
	return read
}

// state tells a reader that follows a log whether the container may still write. It is the only question such a reader has
// to a container runtime.
type state struct {
	cri.RuntimeService
	container *container.Container
}

// ContainerStatus implements cri.RuntimeService.
func (s state) ContainerStatus(context.Context, string, bool) (*runtimeapi.ContainerStatusResponse, error) {
	status := &runtimeapi.ContainerStatus{State: runtimeapi.ContainerState_CONTAINER_EXITED}
	if s.container != nil && s.container.Status().Running {
		status.State = runtimeapi.ContainerState_CONTAINER_RUNNING
	}
	return &runtimeapi.ContainerStatusResponse{Status: status}, nil
}
