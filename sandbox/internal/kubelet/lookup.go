package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// httpError is an error with the status code that tells it.
type httpError struct {
	status  int
	message string
}

func (e *httpError) Error() string { return e.message }

func notFound(format string, args ...any) error {
	return &httpError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) error {
	return &httpError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[*httpError](err); ok {
		status = known.status
	}
	http.Error(w, err.Error(), status)
}

// pod finds the pod that a request's path names.
func (s *server) pod(r *http.Request) (*corev1.Pod, error) {
	namespace, name, uid := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("uid")
	for _, pod := range s.Pods.Pods() {
		if pod.Namespace == namespace && pod.Name == name && (uid == "" || string(pod.UID) == uid) {
			return pod, nil
		}
	}
	return nil, notFound("pod %q does not exist", name)
}

// container finds the running container that a request's path names.
func (s *server) container(r *http.Request) (*container.Container, error) {
	pod, err := s.pod(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("container")
	if running, ok := s.Runtime.Pod(string(pod.UID)); ok {
		if c, ok := running.Container(name); ok && c.Status().Running {
			return c, nil
		}
	}
	return nil, notFound("container not found (%q)", name)
}

// containerNames lists the containers of a pod: initial, ordinary and ephemeral ones.
func containerNames(pod *corev1.Pod) []string {
	var names []string
	for _, c := range pod.Spec.InitContainers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.Containers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		names = append(names, c.Name)
	}
	return names
}

func (s *server) listPods(w http.ResponseWriter, _ *http.Request) {
	writePods(w, s.Pods.Pods())
}

func (s *server) listRunningPods(w http.ResponseWriter, _ *http.Request) {
	var running []*corev1.Pod
	for _, pod := range s.Pods.Pods() {
		if _, ok := s.Runtime.Pod(string(pod.UID)); ok {
			running = append(running, pod)
		}
	}
	writePods(w, running)
}

func writePods(w http.ResponseWriter, pods []*corev1.Pod) {
	list := corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: []corev1.Pod{}}
	for _, pod := range pods {
		list.Items = append(list.Items, *pod)
	}
	writeJSON(w, list)
}

func writeJSON(w http.ResponseWriter, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(content) // a client that is gone needs no answer
}
