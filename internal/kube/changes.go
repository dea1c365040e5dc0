package kube

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rewatchDelay is the pause before a watch that ended is begun again.
const rewatchDelay = time.Second

// Changes tells when an object of one of the lists' kinds changed. Changes that come faster than
// they are read are told once. It ends with the context; watches that break are begun again, and
// what may have been missed meanwhile is told as a change.
func Changes(ctx context.Context, c client.WithWatch, lists []client.ObjectList, options ...client.ListOption) <-chan struct{} {
	changed := make(chan struct{}, 1)
	for _, list := range lists {
		go follow(ctx, c, list, options, changed)
	}
	return changed
}

func follow(ctx context.Context, c client.WithWatch, list client.ObjectList, options []client.ListOption, changed chan<- struct{}) {
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	for ctx.Err() == nil {
		// Without a resource version the watch begins with what is there, so nothing is missed.
		watcher, err := c.Watch(ctx, list.DeepCopyObject().(client.ObjectList), options...)
		if err == nil {
			for range watcher.ResultChan() {
				tell()
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(rewatchDelay):
			tell()
		}
	}
}
