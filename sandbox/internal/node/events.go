package node

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/meshmanager/smm/sandbox/internal/node/podstate"
)

// Reasons of the events that tell users what happens to their pods, as a kubelet names them.
const (
	eventStarted           = "Started"
	eventKilling           = "Killing"
	eventUnhealthy         = "Unhealthy"
	eventBackOff           = "BackOff"
	eventFailed            = "Failed"
	eventFailedMount       = "FailedMount"
	eventNoNetwork         = "FailedCreatePodSandBox"
	eventPostStartFailed   = "FailedPostStartHook"
	eventPreStopFailed     = "FailedPreStopHook"
	eventNoEphemeral       = "EphemeralContainerRefused"
	reasonErrImage         = "ErrImageNeverPull"
	reasonConfigError      = "CreateContainerConfigError"
	reasonContainerStarted = "Container started"
)

// events tells users what happens to their pods. Repeated events are counted, not written again and again.
type events struct{ recorder record.EventRecorder }

// newEvents returns events that are written until ctx ends.
func newEvents(ctx context.Context, client kubernetes.Interface, nodeName string) events {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return events{broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: nodeName})}
}

// normal tells of something that is as it should be. The container may be nil.
func (e events) normal(pod *corev1.Pod, c *corev1.Container, reason, format string, args ...any) {
	e.recorder.Eventf(reference(pod, c), corev1.EventTypeNormal, reason, format, args...)
}

// warn tells of something that is not. The container may be nil.
func (e events) warn(pod *corev1.Pod, c *corev1.Container, reason, format string, args ...any) {
	e.recorder.Eventf(reference(pod, c), corev1.EventTypeWarning, reason, format, args...)
}

func reference(pod *corev1.Pod, c *corev1.Container) *corev1.ObjectReference {
	ref := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
	}
	if c != nil {
		list := "containers"
		if (&podstate.Pod{Object: pod}).IsInit(c.Name) {
			list = "initContainers"
		}
		ref.FieldPath = fmt.Sprintf("spec.%s{%s}", list, c.Name)
	}
	return ref
}
