package facts

import (
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
)

// RevisionKinds are the kinds that tell which revisions and tags a cluster has.
func RevisionKinds() []validation.Kind {
	return []validation.Kind{validation.MutatingWebhookConfiguration, validation.Deployment, validation.ConfigMap, validation.IstioControlPlane}
}

// Ambient tells whether a namespace is in ambient mode, where workloads have no proxy of their own.
func Ambient(v validation.View, namespace string) bool {
	o := v.Get(validation.Namespace, "", namespace)
	return o != nil && o.Labels["istio.io/dataplane-mode"] == "ambient"
}

// Tag is a revision tag: a name by which namespaces select the control plane of a revision.
type Tag struct {
	Name     string
	Revision string
	Object   *validation.Object // the webhook that makes it
}

// Tags returns the revision tags of a cluster.
func Tags(v validation.View) []Tag {
	var tags []Tag
	for _, o := range v.Objects(validation.MutatingWebhookConfiguration) {
		if name := o.Labels["istio.io/tag"]; name != "" {
			tags = append(tags, Tag{Name: name, Revision: o.Labels[istio.RevisionLabel], Object: o})
		}
	}
	return tags
}

// KnowsRevisions tells whether control planes and tags of the cluster are known.
func KnowsRevisions(v validation.View) bool {
	return v.Knows(validation.MutatingWebhookConfiguration) && (v.Knows(validation.Deployment) || v.Knows(validation.IstioControlPlane)) ||
		len(ControlPlanes(v)) > 0
}

// SelectsControlPlane tells whether a revision label selects a control plane: by its name, in the documented form, by a
// tag, or through an injector's webhook, as that of a control plane in another cluster.
func SelectsControlPlane(v validation.View, label string) bool {
	if slices.ContainsFunc(ControlPlanes(v), func(p ControlPlane) bool { return label == p.Revision || label == p.Label() }) {
		return true
	}
	if slices.ContainsFunc(Tags(v), func(tag Tag) bool { return tag.Name == label }) {
		return true
	}
	if slices.ContainsFunc(v.Objects(validation.IstioControlPlane), func(o *validation.Object) bool {
		return label == o.Name || label == istio.Revision{Name: o.Name, Namespace: o.Namespace}.Label()
	}) {
		return true
	}
	return slices.ContainsFunc(v.Objects(validation.MutatingWebhookConfiguration), func(o *validation.Object) bool {
		return isInjector(o) && (o.Labels[istio.RevisionLabel] == label || webhookSelects(o, istio.RevisionLabel, label))
	})
}

// InjectsByDefault tells whether a webhook serves namespaces with istio-injection=enabled.
func InjectsByDefault(v validation.View) bool {
	return slices.ContainsFunc(v.Objects(validation.MutatingWebhookConfiguration), func(o *validation.Object) bool {
		return isInjector(o) && webhookSelects(o, istio.InjectionLabel, "enabled")
	})
}

func isInjector(o *validation.Object) bool {
	return o.Labels["app"] == "sidecar-injector" || strings.Contains(o.Name, "istio") && strings.Contains(o.Name, "injector")
}

// webhookSelects tells whether a namespace selector of a webhook asks for a label's value.
func webhookSelects(o *validation.Object, label, value string) bool {
	for _, hook := range validation.SpecOf[*admissionv1.MutatingWebhookConfiguration](o).Webhooks {
		if hook.NamespaceSelector == nil {
			continue
		}
		if hook.NamespaceSelector.MatchLabels[label] == value {
			return true
		}
		for _, expression := range hook.NamespaceSelector.MatchExpressions {
			if expression.Key == label && expression.Operator == "In" && slices.Contains(expression.Values, value) {
				return true
			}
		}
	}
	return false
}
