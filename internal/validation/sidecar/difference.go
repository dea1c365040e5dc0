package sidecar

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"

	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
)

// proxyConfigVariable holds the proxy's configuration, as JSON.
const proxyConfigVariable = "PROXY_CONFIG"

// injectedContainers are those that Istio's templates put into pods, and that are compared.
func injectedContainers() []string {
	return []string{inject.ProxyContainerName, inject.InitContainerName, inject.ValidationContainerName}
}

// Trim keeps of a container what is compared: its arguments, variables with a value, and resources. It tells whether the
// container is an injected one.
func Trim(c *corev1.Container) (trimmed corev1.Container, injected bool) {
	if !slices.Contains(injectedContainers(), c.Name) {
		return corev1.Container{}, false
	}
	trimmed = corev1.Container{Name: c.Name, Args: c.Args, Resources: c.Resources}
	for _, variable := range c.Env {
		if variable.ValueFrom == nil && !ofThePod(variable.Name) {
			trimmed.Env = append(trimmed.Env, variable)
		}
	}
	return trimmed, true
}

// trimmed is Trim for the injected containers of a pod.
func trimmed(spec *corev1.PodSpec) *corev1.PodSpec {
	kept := &corev1.PodSpec{}
	for i := range spec.Containers {
		if c, injected := Trim(&spec.Containers[i]); injected {
			kept.Containers = append(kept.Containers, c)
		}
	}
	for i := range spec.InitContainers {
		if c, injected := Trim(&spec.InitContainers[i]); injected {
			kept.InitContainers = append(kept.InitContainers, c)
		}
	}
	return kept
}

// ofThePod tells whether a variable's value follows from the pod or from where its control plane runs, and not from
// settings that change.
func ofThePod(variable string) bool {
	switch variable {
	case "ISTIO_META_APP_CONTAINERS", "ISTIO_META_POD_PORTS", "ISTIO_META_WORKLOAD_NAME", "ISTIO_META_OWNER", "ISTIO_META_CLUSTER_ID",
		"ISTIO_KUBE_APP_PROBERS", "ISTIO_PROMETHEUS_ANNOTATIONS", "OTEL_RESOURCE_ATTRIBUTES", "COMPLIANCE_POLICY", "GODEBUG":
		return true
	}
	return false
}

// Differences names what of an injected pod is other than what would be injected now, by container. What others have
// added to the pod does not count, and neither do resources where something else sets them.
func Differences(now *corev1.PodSpec, pod Pod) []string {
	var all []string
	for _, name := range injectedContainers() {
		wanted, running := find(now, name), find(pod.Spec, name)
		switch {
		case wanted == nil:
		case running == nil:
			all = append(all, name)
		default:
			for _, what := range differ(wanted, running, pod) {
				all = append(all, name+" "+what)
			}
		}
	}
	return all
}

func find(spec *corev1.PodSpec, name string) *corev1.Container {
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			if containers[i].Name == name {
				return &containers[i]
			}
		}
	}
	return nil
}

func differ(wanted, running *corev1.Container, pod Pod) []string {
	var all []string
	if !slices.Equal(wanted.Args, running.Args) {
		all = append(all, "args")
	}
	values := map[string]string{}
	for _, variable := range running.Env {
		values[variable.Name] = variable.Value
	}
	now := map[string]string{}
	for _, variable := range wanted.Env {
		now[variable.Name] = variable.Value // the last one counts
	}
	for _, variable := range wanted.Env {
		value, found := values[variable.Name]
		if (!found || !sameValue(variable.Name, now[variable.Name], value)) && !labelled(variable.Name, pod) && !slices.Contains(all, variable.Name) {
			all = append(all, variable.Name)
		}
	}
	if !scaledByOthers(pod.Annotations) {
		all = append(all, missing("requests", wanted.Resources.Requests, running.Resources.Requests)...)
		all = append(all, missing("limits", wanted.Resources.Limits, running.Resources.Limits)...)
	}
	return all
}

// sameValue compares the values of a variable; those of the proxy's configuration by what they mean.
func sameValue(name, a, b string) bool {
	if name != proxyConfigVariable || a == b {
		return strings.TrimSpace(a) == strings.TrimSpace(b)
	}
	one, err := mesh.MergeProxyConfig(a, mesh.DefaultProxyConfig())
	if err != nil {
		return true // of another version of Istio: nothing is known
	}
	other, err := mesh.MergeProxyConfig(b, mesh.DefaultProxyConfig())
	return err != nil || proto.Equal(one, other)
}

// labelled tells whether a label of the pod decides about a variable.
func labelled(variable string, pod Pod) bool {
	_, found := pod.Labels["topology.istio.io/network"]
	return found && variable == "ISTIO_META_NETWORK"
}

// scaledByOthers tells whether the vertical pod autoscaler has set the resources of a pod.
func scaledByOthers(annotations map[string]string) bool {
	return annotations["vpaUpdates"] != "" || annotations["vpaObservedContainers"] != ""
}

func missing(kind string, wanted, running corev1.ResourceList) []string {
	var all []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		quantity, asked := wanted[name]
		if has, found := running[name]; asked && (!found || has.Cmp(quantity) != 0) {
			all = append(all, "resources."+kind+"."+string(name))
		}
	}
	return all
}
