package revision

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
)

// Annotations by which Istio says who serves a proxy.
const (
	// StatusAnnotation is what the injector notes on the pods that it injects.
	StatusAnnotation = "sidecar.istio.io/status"
	// revisionAnnotation is what the injection templates note on pods, as also those of gateways do
	// that istiod deploys itself.
	revisionAnnotation = istio.RevisionLabel

	autoRegistration = "istio.io/autoRegistrationGroup"
	controllerOf     = "istio.io/workloadController"
	disconnectedAt   = "istio.io/disconnectedAt"
)

// Attachment is who serves a proxy.
type Attachment struct {
	// Planes are the control planes that may serve it: one, several of the same name, or none.
	Planes []istio.Revision
	// Unknown tells that there is a proxy and nothing says whose it is.
	Unknown bool
	// Missing is the revision that serves it if there is no such control plane.
	Missing string
}

// To tells whether the proxy may be served by the control plane: what is unknown may.
func (a Attachment) To(plane istio.Revision) bool {
	if a.Unknown && len(a.Planes) == 0 {
		return true
	}
	for _, candidate := range a.Planes {
		if candidate == plane {
			return true
		}
	}
	return false
}

// InjectedBy is Istio's name of the revision that injected the pod, "" for a pod without a proxy or with one that
// does not say.
func (p Pod) InjectedBy() string {
	var status struct {
		Revision string `json:"revision"`
	}
	if json.Unmarshal([]byte(p.Annotations[StatusAnnotation]), &status) == nil && status.Revision != "" {
		return status.Revision
	}
	return p.Annotations[revisionAnnotation]
}

// Ended tells that the pod has run to its end and never runs again.
func (p Pod) Ended() bool {
	return p.Phase == corev1.PodSucceeded || p.Phase == corev1.PodFailed
}

// HasProxy tells whether there is a proxy in the pod.
func (p Pod) HasProxy() bool {
	return p.Proxy || p.Annotations[StatusAnnotation] != "" || p.InjectedBy() != ""
}

// attachmentOf is who serves the proxy of a pod. A pod that has ended has no proxy any more.
func (c Cluster) attachmentOf(pod Pod) Attachment {
	if pod.Ended() || !pod.HasProxy() {
		return Attachment{}
	}
	if name := pod.InjectedBy(); name != "" {
		if planes := c.named(name); len(planes) > 0 {
			return Attachment{Planes: planes}
		}
		return Attachment{Missing: name}
	}
	// A proxy that somebody put there by hand is configured by whom it calls, which does not show.
	return Attachment{Planes: c.Selected(pod.Labels[istio.RevisionLabel]), Unknown: true}
}

// attachmentOfEntry is who serves the proxy of a machine. One that nobody registered from a machine is an address and
// has no proxy; one that has said good-bye is gone.
func (c Cluster) attachmentOfEntry(entry Entry) Attachment {
	if entry.Annotations[autoRegistration] == "" && entry.Annotations[controllerOf] == "" || entry.Annotations[disconnectedAt] != "" {
		return Attachment{}
	}
	var planes []istio.Revision
	for _, plane := range c.Planes {
		if strings.HasPrefix(entry.Annotations[controllerOf], plane.Istiod()+"-") {
			planes = append(planes, plane.Revision)
		}
	}
	if len(planes) > 0 {
		return Attachment{Planes: planes}
	}
	return Attachment{Planes: c.Selected(entry.Labels[istio.RevisionLabel]), Unknown: true}
}

// named are the control planes that Istio knows by the name.
func (c Cluster) named(name string) []istio.Revision {
	var planes []istio.Revision
	for _, plane := range c.Planes {
		if plane.Name == name {
			planes = append(planes, plane.Revision)
		}
	}
	return planes
}

// Selected are the control planes that a value of the revision label selects, by their own names or by a tag.
func (c Cluster) Selected(label string) []istio.Revision {
	if label == "" {
		return nil
	}
	var planes []istio.Revision
	for _, plane := range c.Planes {
		if plane.Selects(label) || c.tagged(label, plane.Revision) {
			planes = append(planes, plane.Revision)
		}
	}
	return planes
}

func (c Cluster) tagged(tag string, plane istio.Revision) bool {
	for _, webhook := range c.Webhooks {
		if webhook.Tag == tag && webhook.calls(plane) {
			return true
		}
	}
	return false
}

func (w Webhook) calls(plane istio.Revision) bool {
	return w.Istiod == plane.Istiod() && w.Namespace == plane.Namespace
}

// DefaultTag is the tag whose control plane serves the namespaces with the older label, istio-injection=enabled.
const DefaultTag = "default"

// SelectorOf is the value of the revision label that stands for a namespace's labels, "" when they select nobody.
func SelectorOf(labels map[string]string) string {
	switch old, set := labels[istio.InjectionLabel]; {
	case set && old == "enabled":
		return DefaultTag
	case set:
		return ""
	}
	return labels[istio.RevisionLabel]
}
