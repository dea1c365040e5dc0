package checks

import (
	"encoding/json"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func podChecks() []validation.Check {
	return []validation.Check{outdatedImage(), outdatedControlPlane(), outdatedInjection(), missingProxy(), reservedPort()}
}

// injectionReads are the kinds that tell what would be injected into a pod now.
func injectionReads() []validation.Kind {
	return kinds(facts.RevisionKinds(), of(validation.Namespace))
}

func outdatedImage() validation.Check {
	return validation.Check{
		ID:       "pod/sidecar/outdated-image",
		Severity: validation.Error,
		Message:  "pod runs an outdated sidecar proxy image",
		Cause:    "The control plane would inject another image now. Proxies are replaced only when their pods are.",
		Mend:     "Restart the workload: kubectl rollout restart.",
		Subjects: of(validation.Pod),
		Reads:    injectionReads(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			plane := injectorOf(v, o)
			if plane != nil && hasOutdatedImage(plane, o) {
				report(validation.At(proxyField(o)+".image", values("image", facts.Proxy(o).Image, "expected", plane.ProxyImage)))
			}
		},
	}
}

// hasOutdatedImage tells whether a pod runs another image than its control plane would inject now.
func hasOutdatedImage(plane *facts.ControlPlane, pod *validation.Object) bool {
	proxy := facts.Proxy(pod)
	return proxy != nil && plane.ProxyImage != "" && pod.Annotations["sidecar.istio.io/proxyImage"] == "" && !finished(pod) &&
		!sameImage(proxy.Image, plane.ProxyImage)
}

// sameImage compares images without the suffix of a variant, such as -distroless.
func sameImage(a, b string) bool {
	trim := func(image string) string {
		return strings.TrimSuffix(strings.TrimSuffix(image, "-distroless"), "-debug")
	}
	return trim(a) == trim(b)
}

// proxyField is where the proxy's container is in a pod.
func proxyField(pod *validation.Object) string {
	spec := validation.SpecOf[*corev1.PodSpec](pod)
	for i, container := range spec.Containers {
		if container.Name == "istio-proxy" {
			return "containers[" + strconv.Itoa(i) + "]"
		}
	}
	for i, container := range spec.InitContainers {
		if container.Name == "istio-proxy" {
			return "initContainers[" + strconv.Itoa(i) + "]"
		}
	}
	return "containers"
}

// injectorOf is the control plane that would inject a pod now; nil when none would.
func injectorOf(v validation.View, pod *validation.Object) *facts.ControlPlane {
	label := pod.Labels[istio.RevisionLabel]
	if namespace := v.Get(validation.Namespace, "", pod.Namespace); namespace != nil && namespace.Labels[istio.RevisionLabel] != "" {
		label = namespace.Labels[istio.RevisionLabel]
	} else if namespace != nil && namespace.Labels[istio.InjectionLabel] == "enabled" && label == "" {
		label = "default"
	}
	if label == "" {
		return nil
	}
	for _, tag := range facts.Tags(v) {
		if tag.Name == label {
			label = tag.Revision
		}
	}
	planes := facts.ControlPlanes(v)
	for i := range planes {
		if label == planes[i].Revision || label == planes[i].Label() {
			return &planes[i]
		}
	}
	return nil
}

// finished tells whether a pod runs no more: nothing of it can be brought up to date.
func finished(pod *validation.Object) bool {
	status, ok := pod.Status.(*corev1.PodStatus)
	return ok && (status.Phase == corev1.PodSucceeded || status.Phase == corev1.PodFailed)
}

func outdatedControlPlane() validation.Check {
	return validation.Check{
		ID:       "pod/sidecar/outdated-configuration",
		Severity: validation.Error,
		Message:  "pod runs a proxy of another control plane than its namespace selects",
		Cause:    "The namespace has moved to another control plane since the pod was created. The proxy stays with the old one until the pod is replaced.",
		Mend:     "Restart the workload: kubectl rollout restart.",
		Subjects: of(validation.Pod),
		Reads:    injectionReads(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			injected := injectedRevision(o)
			plane := injectorOf(v, o)
			if injected == "" || plane == nil || finished(o) || o.Labels["sidecar.istio.io/inject"] == "true" && o.Labels["gateway-name"] != "" {
				return
			}
			if injected != plane.Revision {
				report(validation.Fault{Path: "metadata.annotations.sidecar.istio.io/status", Context: values("revision", injected, "expected", plane.Revision)})
			}
		},
	}
}

// injectedRevision is the revision of the injector that a pod's proxy comes from; "" when it has none.
func injectedRevision(pod *validation.Object) string {
	var status struct {
		Revision string `json:"revision"`
	}
	if json.Unmarshal([]byte(pod.Annotations["sidecar.istio.io/status"]), &status) != nil {
		return ""
	}
	return status.Revision
}

func missingProxy() validation.Check {
	return validation.Check{
		ID:       "pod/sidecar/missing",
		Severity: validation.Warning,
		Message:  "pod has no proxy, though its namespace is in the mesh",
		Cause:    "The pod is older than the label of its namespace, or was created while the control plane could not be reached. It is not part of the mesh.",
		Mend:     "Restart the workload; if it should stay outside, label its pods sidecar.istio.io/inject=false.",
		Subjects: of(validation.Pod),
		Reads:    injectionReads(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			namespace := v.Get(validation.Namespace, "", o.Namespace)
			if namespace == nil || namespace.Labels[istio.RevisionLabel] == "" || namespace.Labels[istio.InjectionLabel] != "" || injectorOf(v, o) == nil {
				return // Istio's analyzer looks after istio-injection=enabled
			}
			spec := validation.SpecOf[*corev1.PodSpec](o)
			if optedOut(o) || spec.HostNetwork || finished(o) || facts.Proxyless(o) || facts.Proxy(o) != nil || facts.Ambient(v, o.Namespace) || o.Labels["app"] == "istiod" {
				return
			}
			report(validation.At("containers", nil))
		},
	}
}

func optedOut(pod *validation.Object) bool {
	value, found := pod.Labels["sidecar.istio.io/inject"]
	if !found {
		value = pod.Annotations["sidecar.istio.io/inject"]
	}
	return strings.EqualFold(value, "false")
}

func reservedPort() validation.Check {
	return validation.Check{
		ID:       "pod/port/reserved",
		Severity: validation.Warning,
		Message:  "a container uses a port of the proxy",
		Cause:    "The proxy listens on 15000, 15001, 15004, 15006, 15020, 15021, 15053 and 15090 of the pod. Only one of them can have the port.",
		Mend:     "Let the application use another port.",
		Subjects: of(validation.Pod),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			if facts.Proxy(o) == nil || facts.Proxyless(o) {
				return
			}
			for i, container := range validation.SpecOf[*corev1.PodSpec](o).Containers {
				for j, port := range container.Ports {
					if container.Name != "istio-proxy" && reserved(port.ContainerPort) {
						report(validation.At("containers["+strconv.Itoa(i)+"].ports["+strconv.Itoa(j)+"]", values("port", strconv.Itoa(int(port.ContainerPort)))))
					}
				}
			}
		},
	}
}

func reserved(port int32) bool {
	switch port {
	case 15000, 15001, 15004, 15006, 15020, 15021, 15053, 15090:
		return true
	}
	return false
}
