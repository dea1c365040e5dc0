package registry

import (
	"context"
	"errors"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubewatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
)

// originIndex finds copies by what they are copies of.
const originIndex = "origin"

// watch keeps the objects of one kind of one cluster as a watch tells them. What it knows stays when the watch breaks,
// but is not known to be true any more until the watch is there again.
type watch struct {
	scope    scope
	informer cache.SharedIndexInformer

	mu      sync.Mutex
	failure error
	onState func() // told when the watch breaks, and when it is there again
}

// watchOptions say what is watched and who is told.
type watchOptions struct {
	scope scope
	// keep reduces an object to what is kept of it; nil for all of it.
	keep func(*unstructured.Unstructured)
	// onChange is told of every object that came, changed or went.
	onChange func(*unstructured.Unstructured)
	// onState is told when the watch broke, and when it is there again.
	onState func()
}

// startWatch watches until the context ends.
func startWatch(ctx context.Context, resource dynamic.ResourceInterface, kind schema.GroupVersionKind, options watchOptions) *watch {
	w := &watch{scope: options.scope, onState: options.onState}
	onChange := options.onChange
	example := &unstructured.Unstructured{}
	example.SetGroupVersionKind(kind)
	w.informer = cache.NewSharedIndexInformer(w.source(resource), example, 0, cache.Indexers{originIndex: copiesByOrigin})
	// Neither can fail on an informer that has not started.
	_ = w.informer.SetTransform(reduced(options.keep))
	_ = w.informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) {}) // told by source
	_, _ = w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(added any) { onChange(added.(*unstructured.Unstructured)) },
		UpdateFunc: func(before, after any) {
			if before.(*unstructured.Unstructured).GetResourceVersion() != after.(*unstructured.Unstructured).GetResourceVersion() {
				onChange(after.(*unstructured.Unstructured))
			}
		},
		DeleteFunc: func(deleted any) {
			if last, ok := deleted.(cache.DeletedFinalStateUnknown); ok {
				deleted = last.Obj
			}
			if object, ok := deleted.(*unstructured.Unstructured); ok {
				onChange(object)
			}
		},
	})
	go w.informer.RunWithContext(ctx)
	go func() {
		if cache.WaitForCacheSync(ctx.Done(), w.informer.HasSynced) {
			options.onState()
		}
	}()
	return w
}

// source lists and watches, and notes whether that works.
func (w *watch) source(resource dynamic.ResourceInterface) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.FieldSelector = w.scope.selector()
			list, err := resource.List(ctx, options)
			w.note(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (kubewatch.Interface, error) {
			options.FieldSelector = w.scope.selector()
			watcher, err := resource.Watch(ctx, options)
			if _, streaming := watcher.(*kubewatch.StreamWatcher); err == nil && !streaming {
				// The client makes an empty watch of a connection that was closed before there was an answer.
				w.note(errClosed)
				return watcher, nil
			}
			w.note(err)
			return watcher, err
		},
	}
}

// errClosed is the problem of an API server that closes connections without an answer.
var errClosed = errors.New("the API server closed the connection without an answer")

func (w *watch) note(err error) {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) {
		return // the next list begins anew
	}
	w.mu.Lock()
	changed := (err == nil) != (w.failure == nil)
	w.failure = err
	w.mu.Unlock()
	if changed {
		w.onState()
	}
}

// known tells whether the objects are those that the cluster has now.
func (w *watch) known() bool {
	return w != nil && w.informer.HasSynced() && w.problem() == nil
}

// problem is why the watch is broken, nil if it is not.
func (w *watch) problem() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// get returns an object, nil if there is none. It must not be changed.
func (w *watch) get(key objectKey) *unstructured.Unstructured {
	stored, found, err := w.informer.GetStore().GetByKey(key.stored())
	if err != nil || !found {
		return nil
	}
	return stored.(*unstructured.Unstructured)
}

// list returns all objects. They must not be changed.
func (w *watch) list() []*unstructured.Unstructured {
	stored := w.informer.GetStore().List()
	objects := make([]*unstructured.Unstructured, 0, len(stored))
	for _, object := range stored {
		objects = append(objects, object.(*unstructured.Unstructured))
	}
	return objects
}

// copiesOf returns the copies of an object.
func (w *watch) copiesOf(key objectKey) []*unstructured.Unstructured {
	stored, err := w.informer.GetIndexer().ByIndex(originIndex, indexed(key))
	if err != nil {
		return nil
	}
	copies := make([]*unstructured.Unstructured, 0, len(stored))
	for _, object := range stored {
		copies = append(copies, object.(*unstructured.Unstructured))
	}
	return copies
}

func copiesByOrigin(stored any) ([]string, error) {
	object, ok := stored.(*unstructured.Unstructured)
	if !ok || ownerOf(object) == "" {
		return nil, nil
	}
	return []string{indexed(originOf(object))}, nil
}

func indexed(key objectKey) string {
	return key.kind.String() + " " + key.stored()
}

func reduced(keep func(*unstructured.Unstructured)) cache.TransformFunc {
	return func(stored any) (any, error) {
		if object, ok := stored.(*unstructured.Unstructured); ok {
			object.SetManagedFields(nil)
			if keep != nil {
				keep(object)
			}
		}
		return stored, nil
	}
}
