package kube

import toolscache "k8s.io/client-go/tools/cache"

// OnChange returns the handler of an informer that calls changed whatever happens to an object.
func OnChange(changed func()) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { changed() }, UpdateFunc: func(_, _ any) { changed() }, DeleteFunc: func(any) { changed() },
	}
}
