package checks

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

func namespaceChecks() []validation.Check {
	return []validation.Check{unknownRevision(), noDefaultRevision(), tagToNowhere(), unreadConfiguration()}
}

func unknownRevision() validation.Check {
	return validation.Check{
		ID:       "namespace/revision/unknown",
		Severity: validation.Error,
		Message:  "the revision label of the namespace selects no control plane",
		Cause:    "New pods of the namespace get no proxy, as no control plane and no tag has this name.",
		Mend:     "Set the label istio.io/rev to a control plane that exists: 'smm sidecar-proxy auto-inject on' does.",
		Subjects: of(validation.Namespace),
		Reads:    facts.RevisionKinds(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			label := o.Labels[istio.RevisionLabel]
			if label != "" && facts.KnowsRevisions(v) && !facts.SelectsControlPlane(v, label) {
				report(validation.Fault{Path: "metadata.labels." + istio.RevisionLabel, Context: values("revision", label)})
			}
		},
	}
}

func noDefaultRevision() validation.Check {
	return validation.Check{
		ID:       "namespace/injection/no-default-revision",
		Severity: validation.Error,
		Message:  "istio-injection=enabled needs a default revision, and there is none",
		Cause:    "The label asks for the default control plane. All control planes of the cluster are revisions, which it does not select, so that new pods get no proxy.",
		Mend:     "Use the label istio.io/rev, as 'smm sidecar-proxy auto-inject on' does, or make a revision the default one.",
		Subjects: of(validation.Namespace),
		Reads:    facts.RevisionKinds(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if o.Labels[istio.InjectionLabel] == "enabled" && v.Knows(validation.MutatingWebhookConfiguration) && !facts.InjectsByDefault(v) &&
				(v.Live() || len(v.Objects(validation.MutatingWebhookConfiguration)) > 0) && len(facts.ControlPlanes(v)) > 0 {
				report(validation.Fault{Path: "metadata.labels." + istio.InjectionLabel})
			}
		},
	}
}

func tagToNowhere() validation.Check {
	return validation.Check{
		ID:       "revisiontag/revision/unknown",
		Severity: validation.Error,
		Message:  "the revision tag points to a control plane that does not exist",
		Cause:    "Namespaces that use the tag get no proxies, and creating pods in them fails or hangs.",
		Mend:     "Point the tag to a control plane that exists, or remove it.",
		Subjects: of(validation.MutatingWebhookConfiguration),
		Reads:    of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if o.Labels["istio.io/tag"] == "" || !v.KnowsAny(validation.Deployment, validation.IstioControlPlane) || remoteWebhook(o) {
				return
			}
			revision := o.Labels[istio.RevisionLabel]
			for _, plane := range facts.ControlPlanes(v) {
				if revision == plane.Revision || revision == plane.Label() {
					return
				}
			}
			for _, plane := range v.Objects(validation.IstioControlPlane) {
				if revision == plane.Name {
					return
				}
			}
			report(validation.Fault{Path: "metadata.labels." + istio.RevisionLabel, Context: values("tag", o.Labels["istio.io/tag"], "revision", revision)})
		},
	}
}

// istioKinds are the kinds of configuration that control planes read.
func istioKinds() []validation.Kind {
	return of(validation.AuthorizationPolicy, validation.DestinationRule, validation.EnvoyFilter, validation.Gateway,
		validation.PeerAuthentication, validation.ProxyConfig, validation.RequestAuthentication, validation.ServiceEntry, validation.Sidecar,
		validation.Telemetry, validation.VirtualService, validation.WasmPlugin, validation.WorkloadEntry, validation.WorkloadGroup)
}

func unreadConfiguration() validation.Check {
	return validation.Check{
		ID:       "configuration/revision/unknown",
		Severity: validation.Error,
		Message:  "no control plane reads this: its revision label selects none",
		Cause:    "A resource with the label istio.io/rev is read by the control plane of that revision only.",
		Mend:     "Remove the label, so that all control planes read the resource, or correct it.",
		Subjects: istioKinds(),
		Reads:    facts.RevisionKinds(),
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			label := o.Labels[istio.RevisionLabel]
			if label != "" && facts.KnowsRevisions(v) && !facts.SelectsControlPlane(v, label) {
				report(validation.Fault{Path: "metadata.labels." + istio.RevisionLabel, Context: values("revision", label)})
			}
		},
	}
}

// remoteWebhook tells whether a webhook is served from outside the cluster.
func remoteWebhook(o *validation.Object) bool {
	for _, hook := range validation.SpecOf[*admissionv1.MutatingWebhookConfiguration](o).Webhooks {
		if hook.ClientConfig.URL != nil {
			return true
		}
	}
	return false
}
