package operator

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/kube"
)

// CacheOptions keep objects that the product did not apply out of the caches of watched kinds.
func CacheOptions() cache.Options {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{kube.ManagedByLabel: kube.ManagedByValue})}
	selected := map[client.Object]cache.ByObject{}
	for _, kind := range Watched() {
		selected[metadataOf(kind)] = ours
	}
	return cache.Options{ByObject: selected}
}

// ClientOptions say what is read at the API server rather than from the cache: what is read rarely and one by one,
// because a cache would hold such objects of the whole cluster.
func ClientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{
		DisableFor: []client.Object{
			&appsv1.Deployment{}, &appsv1.DaemonSet{}, &corev1.ConfigMap{}, &corev1.Node{}, &corev1.Pod{}, &corev1.Secret{}, &corev1.Service{},
		},
	}}
}
