package service

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	informerscorev1 "k8s.io/client-go/informers/core/v1"
	informersdiscoveryv1 "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// view is the cluster's objects as seen last. What it returns is shared and must not be modified.
type view struct {
	factory  informers.SharedInformerFactory
	services informerscorev1.ServiceInformer
	slices   informersdiscoveryv1.EndpointSliceInformer
	pods     informerscorev1.PodInformer
}

func newView(client kubernetes.Interface) *view {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(withoutManagedFields))
	return &view{factory: factory, services: factory.Core().V1().Services(), slices: factory.Discovery().V1().EndpointSlices(), pods: factory.Core().V1().Pods()}
}

// withoutManagedFields drops what nobody here needs and what is a large part of each object.
func withoutManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

// watch keeps the view up to date until ctx ends.
func (v *view) watch(ctx context.Context) {
	v.factory.Start(ctx.Done())
	<-ctx.Done()
	v.factory.Shutdown()
}

// synced waits until the view is complete for the first time, and tells whether it became so before ctx ended.
func (v *view) synced(ctx context.Context) bool {
	return cache.WaitForCacheSync(ctx.Done(), v.services.Informer().HasSynced, v.slices.Informer().HasSynced, v.pods.Informer().HasSynced)
}

func (v *view) Services() []*corev1.Service { return all(v.services.Lister().List) }

func (v *view) EndpointSlices() []*discoveryv1.EndpointSlice { return all(v.slices.Lister().List) }

func (v *view) Pods() []*corev1.Pod { return all(v.pods.Lister().List) }

func (v *view) hasService(namespace, name string) bool {
	_, err := v.services.Lister().Services(namespace).Get(name)
	return err == nil
}

// all lists from a cache, which cannot fail.
func all[T any](list func(labels.Selector) ([]T, error)) []T {
	items, _ := list(labels.Everything())
	return items
}

func (v *view) onServices(loops ...*loop) { onEvents(v.services.Informer(), anyChange, loops) }

func (v *view) onEndpointSlices(loops ...*loop) { onEvents(v.slices.Informer(), anyChange, loops) }

// onPodAddresses triggers the loops when pods come, go, get an address or end, but not for their other many changes.
func (v *view) onPodAddresses(loops ...*loop) {
	onEvents(v.pods.Informer(), func(before, after any) bool {
		was, is := before.(*corev1.Pod).Status, after.(*corev1.Pod).Status
		return was.PodIP != is.PodIP || was.Phase != is.Phase
	}, loops)
}

func anyChange(_, _ any) bool { return true }

// onEvents is to be called before the informer starts, when adding a handler cannot fail.
func onEvents(informer cache.SharedIndexInformer, matters func(before, after any) bool, loops []*loop) {
	trigger := func() {
		for _, loop := range loops {
			loop.trigger()
		}
	}
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { trigger() },
		UpdateFunc: func(before, after any) {
			if matters(before, after) {
				trigger()
			}
		},
		DeleteFunc: func(any) { trigger() },
	})
}
