// Package sidecar tells what a control plane's injector would put into a pod now, by its own templates, and how that
// differs from what the pod has. It is pure.
package sidecar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/util/protomarshal"
)

// Annotations of pods that injection reads or writes.
const (
	statusAnnotation      = "sidecar.istio.io/status"
	templatesAnnotation   = "inject.istio.io/templates"
	proxyConfigAnnotation = "proxy.istio.io/config"
	overridesAnnotation   = "proxy.istio.io/overrides"
)

// Injector renders the templates of one control plane. It is safe for use by many goroutines.
type Injector struct {
	revision string
	mesh     *meshconfig.MeshConfig
	config   inject.Config
	values   inject.ValuesConfig

	mu    sync.Mutex
	known map[string]*corev1.PodSpec // what was rendered before: pods of a workload are alike
}

// New returns the injector of a control plane, by the keys config and values of its ConfigMap.
func New(revision, config, values string, mesh *meshconfig.MeshConfig) (*Injector, error) {
	i := &Injector{revision: revision, mesh: mesh, known: map[string]*corev1.PodSpec{}}
	var err error
	if i.config, err = inject.UnmarshalConfig([]byte(config)); err != nil {
		return nil, fmt.Errorf("read the injection templates: %w", err)
	}
	if i.values, err = inject.NewValuesConfig(values); err != nil {
		return nil, fmt.Errorf("read the injection values: %w", err)
	}
	readsEnvironment := regexp.MustCompile("\\{\\{[^}]*\\benv\\s+[\"`]") // of istiod, which nobody else knows
	for name, text := range i.config.RawTemplates {
		if readsEnvironment.MatchString(text) {
			delete(i.config.Templates, name)
		}
	}
	return i, nil
}

// Pod is what injection depends on, of a pod that has a proxy already.
type Pod struct {
	Namespace            string
	NamespaceAnnotations map[string]string
	Labels, Annotations  map[string]string
	Spec                 *corev1.PodSpec
	// Layers are the proxy configurations beside those of the mesh and of the pod's annotation, nil where there is none:
	// that of the mesh's ProxyConfig, of the namespace's, and of the workload's.
	Layers [3]*meshconfig.ProxyConfig
}

// Render returns what would be put into the pod now, with what its user set for the injected containers.
func (i *Injector) Render(pod Pod) (*corev1.PodSpec, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	key, err := json.Marshal([]any{
		pod.Namespace, pod.NamespaceAnnotations, withoutOwn(pod.Labels), withoutOwn(pod.Annotations), native(pod.Spec), pod.Layers,
	})
	if err != nil {
		return nil, err
	}
	if known, found := i.known[string(key)]; found {
		return known, nil
	}
	rendered, err := i.render(pod)
	if err != nil {
		return nil, err
	}
	i.known[string(key)] = rendered
	return rendered, nil
}

func (i *Injector) render(pod Pod) (*corev1.PodSpec, error) {
	config, err := i.proxyConfig(pod)
	if err != nil {
		return nil, err
	}
	uid, gid := inject.GetProxyIDs(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Annotations: pod.NamespaceAnnotations}})
	data := inject.SidecarTemplateData{
		ObjectMeta:               metav1.ObjectMeta{Namespace: pod.Namespace, Labels: pod.Labels, Annotations: withoutOwn(pod.Annotations)},
		Spec:                     withoutInjected(pod.Spec),
		ProxyConfig:              config,
		MeshConfig:               i.mesh,
		Values:                   i.values.Map(),
		Revision:                 i.revision,
		ProxyImage:               inject.ProxyImage(i.values.Struct(), config.GetImage(), pod.Annotations),
		ProxyInitImage:           inject.ProxyInitImage(i.values.Struct(), pod.Annotations),
		NativeSidecars:           native(pod.Spec),
		ProxyUID:                 uid,
		ProxyGID:                 gid,
		InboundTrafficPolicyMode: inject.InboundTrafficPolicyMode(i.mesh),
	}
	merged := []byte("{}")
	for _, name := range i.templates(pod.Annotations) {
		template, known := i.config.Templates[name]
		if !known {
			return nil, fmt.Errorf("the injection template %s is not known", name)
		}
		var text bytes.Buffer
		if err := template.Execute(&text, &data); err != nil {
			return nil, fmt.Errorf("render the injection template %s: %w", name, err)
		}
		if merged, err = inject.StrategicMergePatchYAML(merged, text.Bytes(), corev1.Pod{}); err != nil {
			return nil, fmt.Errorf("read what the injection template %s gives: %w", name, err)
		}
	}
	if overrides := pod.Annotations[overridesAnnotation]; overrides != "" {
		if merged, err = inject.StrategicMergePatchYAML(merged, []byte(`{"spec": `+overrides+`}`), corev1.Pod{}); err != nil {
			return nil, fmt.Errorf("read the pod's own settings of its proxy: %w", err)
		}
	}
	var rendered corev1.Pod
	if err := json.Unmarshal(merged, &rendered); err != nil {
		return nil, fmt.Errorf("read what the injection templates give: %w", err)
	}
	return trimmed(&rendered.Spec), nil
}

// templates are those that a pod's annotation names, or the default ones.
func (i *Injector) templates(annotations map[string]string) []string {
	names := i.config.DefaultTemplates
	if chosen, found := annotations[templatesAnnotation]; found {
		names = strings.Split(chosen, ",")
	}
	var all []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		if aliased, found := i.config.Aliases[name]; found {
			all = append(all, aliased...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

// proxyConfig is that of the pod, as istiod puts it together: each layer over the ones before.
func (i *Injector) proxyConfig(pod Pod) (*meshconfig.ProxyConfig, error) {
	config := protomarshal.Clone(i.mesh.GetDefaultConfig())
	if config == nil {
		return nil, errors.New("the mesh has no default proxy configuration")
	}
	lay := func(layer *meshconfig.ProxyConfig) error {
		if layer == nil {
			return nil
		}
		text, err := protomarshal.ToYAML(layer)
		if err != nil {
			return err
		}
		config, err = mesh.MergeProxyConfig(text, config)
		return err
	}
	errs := []error{lay(pod.Layers[0]), lay(pod.Layers[1])}
	if text := pod.Annotations[proxyConfigAnnotation]; text != "" {
		merged, err := mesh.MergeProxyConfig(text, config)
		if err == nil {
			config = merged
		}
		errs = append(errs, err)
	}
	if err := errors.Join(append(errs, lay(pod.Layers[2]))...); err != nil {
		return nil, fmt.Errorf("put the proxy's configuration together: %w", err)
	}
	return config, nil
}

// native tells whether a pod's proxy is among its init containers.
func native(spec *corev1.PodSpec) bool {
	return slices.ContainsFunc(spec.InitContainers, func(c corev1.Container) bool { return c.Name == inject.ProxyContainerName })
}

// withoutInjected is a pod before its injection.
func withoutInjected(spec *corev1.PodSpec) corev1.PodSpec {
	before := *spec
	injected := func(c corev1.Container) bool { return slices.Contains(injectedContainers(), c.Name) }
	before.Containers = slices.DeleteFunc(slices.Clone(spec.Containers), injected)
	before.InitContainers = slices.DeleteFunc(slices.Clone(spec.InitContainers), injected)
	return before
}

// withoutOwn leaves out labels and annotations that each pod has its own value of, none of which injection reads.
func withoutOwn(all map[string]string) map[string]string {
	kept := make(map[string]string, len(all))
	for name, value := range all {
		domain, rest, _ := strings.Cut(name, "/")
		switch {
		case name == statusAnnotation, strings.HasPrefix(rest, "network-status"), strings.HasPrefix(rest, "pod-"),
			domain == "cni.projectcalico.org", domain == "k8s.ovn.org", domain == "batch.kubernetes.io":
		default:
			kept[name] = value
		}
	}
	return kept
}
