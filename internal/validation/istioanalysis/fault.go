package istioanalysis

import (
	"fmt"
	"strings"

	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/msg"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/kube"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// fault turns a message into a fault. ok is false for messages that are not true of this mesh, or not of this object.
func (c *context) fault(message diag.Message) (validation.Fault, bool) {
	fault := validation.Fault{
		Check:    Prefix + message.Type.Code(),
		Severity: severityOf(message.Type.Level()),
		Message:  strings.TrimSuffix(fmt.Sprintf(message.Type.Template(), message.Parameters...), "."),
	}
	if message.Resource == nil {
		return fault, true
	}
	from, ok := message.Resource.Origin.(*origin)
	if !ok {
		return fault, true
	}
	fault.Subject = from.object
	fault.Field = from.field(message.Line)
	if from.object.Planned || from.object.Cluster != c.view.Cluster && !c.across {
		return fault, false // told of what plans it, or in its own cluster
	}
	if wrong(c.view, message, from.object) {
		return fault, false
	}
	if !c.view.Live() && unproven(c.view, message) || unusedSubset(c.view, message, from.object) {
		fault.Severity = validation.Info
	}
	return fault, true
}

func severityOf(level diag.Level) validation.Severity {
	switch level {
	case diag.Error:
		return validation.Error
	case diag.Info:
		return validation.Info
	}
	return validation.Warning
}

// wrong tells whether a message is not true: analyzers know neither proxyless workloads nor what makes objects.
func wrong(v validation.View, message diag.Message, o *validation.Object) bool {
	switch message.Type {
	case msg.PodMissingProxy:
		return facts.Proxyless(o)
	case msg.NamespaceNotInjected: // there is nothing to inject, or the product asks for each pod of its own
		return v.Live() && len(facts.PodsIn(v, o.Name)) == 0 || o.Labels[kube.ManagedByLabel] == kube.ManagedByValue
	case msg.ReferencedResourceNotFound:
		return parameter(message, 0) == "credentialName" &&
			(willBeIssued(v, parameter(message, 1)) || v.Live() && !v.Knows(validation.Secret)) // it may not be read
	case msg.IngressRouteRulesNotAffected:
		return !sameDestination(v, o, parameter(message, 0))
	case msg.ImageAutoWithoutInjectionWarning, msg.ImageAutoWithoutInjectionError:
		return !v.Knows(validation.MutatingWebhookConfiguration)
	}
	return false
}

// sameDestination tells whether a VirtualService sends requests, without a subset, to a service that another one, given as
// <namespace>/<name>, sends to by subsets. The same short name is another service in another namespace.
func sameDestination(v validation.View, o *validation.Object, other string) bool {
	namespace, name, _ := strings.Cut(other, "/")
	theirs := v.Get(validation.VirtualService, namespace, name)
	if theirs == nil || namespace == o.Namespace {
		return true
	}
	hosts := facts.Hosts(v)
	split := map[string]bool{}
	for _, route := range validation.SpecOf[*networking.VirtualService](theirs).GetHttp() {
		for _, to := range route.GetRoute() {
			if to.GetDestination().GetSubset() != "" {
				split[hosts.Qualify(to.GetDestination().GetHost(), namespace)] = true
			}
		}
	}
	for _, route := range validation.SpecOf[*networking.VirtualService](o).GetHttp() {
		for _, to := range route.GetRoute() {
			if to.GetDestination().GetSubset() == "" && split[hosts.Qualify(to.GetDestination().GetHost(), o.Namespace)] {
				return true
			}
		}
	}
	return false
}

// willBeIssued tells whether cert-manager makes a Secret.
func willBeIssued(v validation.View, secret string) bool {
	for _, certificate := range v.Objects(validation.Certificate) {
		if validation.SpecOf[*decode.CertificateSpec](certificate).SecretName == secret {
			return true
		}
	}
	return false
}

// unproven tells whether a message says that something is missing of which the files hold nothing at all.
func unproven(v validation.View, message diag.Message) bool {
	switch message.Type {
	case msg.DestinationRuleSubsetNotSelectPods:
		return !facts.KnowsPods(v)
	case msg.ReferencedResourceNotFound:
		switch kind := parameter(message, 0); {
		case kind == "credentialName":
			return !v.Knows(validation.Secret)
		case strings.Contains(kind, "selector"):
			return !facts.KnowsPods(v)
		case strings.Contains(kind, "subset"):
			return !v.Knows(validation.DestinationRule)
		case strings.Contains(kind, "host"):
			return !v.KnowsAny(validation.Service, validation.ServiceEntry)
		case kind == "gateway":
			return !v.Knows(validation.Gateway)
		}
	}
	return false
}

func parameter(message diag.Message, i int) string {
	if i >= len(message.Parameters) {
		return ""
	}
	return fmt.Sprint(message.Parameters[i])
}

// unusedSubset tells whether a message is about a subset that no route of the cluster uses, so that it harms nobody. That
// is not known where no routes are.
func unusedSubset(v validation.View, message diag.Message, o *validation.Object) bool {
	if message.Type != msg.DestinationRuleSubsetNotSelectPods || !v.Knows(validation.VirtualService) {
		return false
	}
	rule := validation.SpecOf[*networking.DestinationRule](o)
	return !facts.RoutesTo(v, facts.Hosts(v).Qualify(rule.GetHost(), o.Namespace), parameter(message, 0))
}
