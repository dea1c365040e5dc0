package node

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/meshmanager/smm/sandbox/internal/node/watched"
)

// objects reads the objects that a pod refers to until its context ends.
type objects struct {
	ctx       context.Context
	store     *watched.Store
	namespace string
}

func (o objects) ConfigMap(name string) (*corev1.ConfigMap, error) {
	return o.store.ConfigMap(o.ctx, o.namespace, name)
}

func (o objects) Secret(name string) (*corev1.Secret, error) {
	return o.store.Secret(o.ctx, o.namespace, name)
}

func (w *worker) objects(ctx context.Context) objects {
	return objects{ctx: ctx, store: w.watched, namespace: w.object.Load().Namespace}
}

// watchObjects begins to watch all that the pod refers to.
func (w *worker) watchObjects() {
	pod := w.object.Load()
	podutil.VisitPodConfigmapNames(pod, func(name string) bool {
		w.watched.UseConfigMap(pod.UID, pod.Namespace, name, w.objectChanged)
		return true
	})
	podutil.VisitPodSecretNames(pod, func(name string) bool {
		w.watched.UseSecret(pod.UID, pod.Namespace, name, w.objectChanged)
		return true
	})
}

// objectChanged brings the volumes up to date, and lets containers that could not start for want of an
// object try again at once.
func (w *worker) objectChanged() {
	w.volumes.Changed()
	w.inbox.post(func() {
		w.changes++
		for _, known := range w.state.Containers {
			if known.Waiting != nil && known.Waiting.Reason == reasonConfigError {
				known.Waiting.Retry = time.Time{}
			}
		}
	})
}
