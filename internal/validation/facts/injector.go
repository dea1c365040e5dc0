package facts

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1beta1"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/sidecar"
)

// injectorConfigMap is the name of the ConfigMap with the templates and values of a revision's injector.
func injectorConfigMap(revision string) string {
	if revision == "default" {
		return "istio-sidecar-injector"
	}
	return "istio-sidecar-injector-" + revision
}

// Injector returns what renders a control plane's injection; nil when it is not known, or not all of it.
func Injector(v validation.View, plane *ControlPlane) *sidecar.Injector {
	name := "injector of " + plane.Namespace + "/" + plane.Revision
	return validation.Derived(v, name, []validation.Kind{validation.ConfigMap, validation.Deployment}, func(v validation.View) *sidecar.Injector {
		o := v.Get(validation.ConfigMap, plane.Namespace, injectorConfigMap(plane.Revision))
		if o == nil || plane.Shared {
			return nil
		}
		data := validation.SpecOf[*corev1.ConfigMap](o).Data
		if data["config"] == "" || data["values"] == "" {
			return nil
		}
		injector, err := sidecar.New(plane.Revision, data["config"], data["values"], plane.Mesh)
		if err != nil {
			return nil // of a version of Istio that has other templates than ours can read
		}
		return injector
	})
}

// InjectedPod is what injection depends on of a pod, for a control plane.
func InjectedPod(v validation.View, plane *ControlPlane, pod *validation.Object) sidecar.Pod {
	injected := sidecar.Pod{
		Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations, Spec: validation.SpecOf[*corev1.PodSpec](pod),
	}
	if namespace := v.Get(validation.Namespace, "", pod.Namespace); namespace != nil {
		injected.NamespaceAnnotations = namespace.Annotations
	}
	root := or(plane.Mesh.GetRootNamespace(), plane.Namespace)
	injected.Layers[0] = proxyConfig(v, root, nil)
	if pod.Namespace != root {
		injected.Layers[1] = proxyConfig(v, pod.Namespace, nil)
	}
	injected.Layers[2] = proxyConfig(v, pod.Namespace, pod.Labels)
	return injected
}

// proxyConfig is the oldest ProxyConfig of a namespace whose selector fits, or, without labels, that has no selector; nil
// when there is none.
func proxyConfig(v validation.View, namespace string, podLabels map[string]string) *meshconfig.ProxyConfig {
	all := slices.Clone(v.In(validation.ProxyConfig, namespace))
	slices.SortStableFunc(all, func(a, b *validation.Object) int { return a.Created.Compare(b.Created) })
	for _, o := range all {
		spec := validation.SpecOf[*networking.ProxyConfig](o)
		selector := spec.GetSelector().GetMatchLabels()
		if podLabels == nil && spec.GetSelector() == nil ||
			podLabels != nil && len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(podLabels)) {
			return &meshconfig.ProxyConfig{Concurrency: spec.GetConcurrency(), ProxyMetadata: spec.GetEnvironmentVariables(), Image: spec.GetImage()}
		}
	}
	return nil
}
